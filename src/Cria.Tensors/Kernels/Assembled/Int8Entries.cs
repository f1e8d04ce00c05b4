using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>What distinguishes the assembled variants of an int8 kernel.</summary>
/// <param name="Groups">Groups of a 32-column block: 1, or 2 where scales stand for 16 columns.</param>
/// <param name="Starts">Sums start from −zero · Σx.</param>
/// <param name="Minimums">Groups have a minimum.</param>
/// <param name="Panels">16-row panels: 1 or 2.</param>
/// <param name="Tokens">Tokens computed.</param>
internal readonly record struct Int8Variant(int Groups, bool Starts, bool Minimums, int Panels, int Tokens)
{
    /// <summary>Where products are summed.</summary>
    public Int8Sums Sums { get; init; }
}

/// <summary>Entry points of one kernel's variants, assembled when first needed.</summary>
internal sealed unsafe class Int8Entries(int mostTokens, Func<Int8Variant, Assembler> assemble)
{
    private readonly nint[] entries = new nint[5 * 8 * 2 * mostTokens];
    private readonly Lock building = new();

    /// <summary>Runs variants that take all tiles in one call, which they let begin behind them: the whole ones, then the last where it has fewer tokens.</summary>
    public void RunTiles(ref Int8Call call, Unpacker format, bool starts, Int8Sums sums, int panels, int tokens)
    {
        call.Tiles = tokens / mostTokens;
        if (call.Tiles > 0) Run(call, format, starts, sums, panels, mostTokens);
        call.Tiles = 1;
        if (tokens % mostTokens != 0) Run(call, format, starts, sums, panels, tokens % mostTokens);
    }

    /// <summary>Runs the variant for this format.</summary>
    public void Run(in Int8Call call, Unpacker format, bool starts, Int8Sums sums, int panels, int tokens)
    {
        int shape = (format.GroupSize == 16 ? 1 : 0) | (starts ? 2 : 0) | (format.HasMinimum ? 4 : 0) | ((int)sums << 3);
        int index = (shape * 2 + panels - 1) * mostTokens + tokens - 1;
        nint entry = entries[index];
        if (entry == 0) entry = Build(index, new Int8Variant(format.GroupSize == 16 ? 2 : 1, starts, format.HasMinimum, panels, tokens) { Sums = sums });
        fixed (Int8Call* arguments = &call) ((delegate* unmanaged[SuppressGCTransition]<Int8Call*, void>)entry)(arguments);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Build(int index, Int8Variant variant)
    {
        lock (building)
        {
            if (entries[index] == 0) entries[index] = (nint)ExecutableMemory.Place(assemble(variant));
            return entries[index];
        }
    }
}
