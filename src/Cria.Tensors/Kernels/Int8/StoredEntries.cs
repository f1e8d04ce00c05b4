using System.Collections.Concurrent;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>A kernel's code for rows as they are stored, by type: the first tile asks for the rows that are read next, the others do not.</summary>
/// <param name="tile">Tokens of a tile.</param>
/// <param name="assemble">The code of a variant, for rows of a form, with or without asking.</param>
internal sealed class StoredEntries(int tile, Func<Int8Variant, StoredRows, bool, Assembler> assemble)
{
    private readonly ConcurrentDictionary<TensorType, (Int8Entries Plain, Int8Entries Asking)> entries = new();

    /// <summary>Multiplies the panels with all tokens, as <see cref="Int8Entries.RunTiles"/> does.</summary>
    public void Run(TensorType type, Int8Call call, Unpacker format, bool starts, Int8Sums sums, int panels, int tokens)
    {
        (Int8Entries plain, Int8Entries asking) = entries.GetOrAdd(type, static (type, self) => (self.For(type, asks: false), self.For(type, asks: true)), this);
        int first = Math.Min(tile, tokens);
        asking.RunTiles(ref call, format, starts, sums, panels, first);
        if (tokens > first) plain.RunTiles(ref call, format, starts, sums, panels, tokens - first);
    }

    private Int8Entries For(TensorType type, bool asks)
    {
        StoredRows rows = StoredRows.Of(type) ?? throw new ArgumentException($"{type} is not multiplied where it is stored", nameof(type));
        return new Int8Entries(tile, variant => assemble(variant, rows, asks));
    }
}
