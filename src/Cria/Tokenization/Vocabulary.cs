using System.Globalization;
using System.Numerics;
using Cria.Tensors;

namespace Cria.Tokenization;

/// <summary>The tokens of a model: their bytes and kinds by id, and the id of the text token with given bytes.</summary>
internal sealed class Vocabulary
{
    private readonly byte[] bytes;
    private readonly int[] starts;
    private readonly TokenKind[] kinds;

    // A slot holds the upper half of the hash above the id plus one; zero is empty.
    private readonly ulong[] slots;
    private readonly int mask;

    /// <summary>Lays out the tokens in order of their ids. Text tokens (<see cref="TokenKind.Normal"/>) must differ from one another.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="tokens">The bytes of each token.</param>
    /// <param name="kinds">The kind of each token.</param>
    /// <exception cref="CriaException">There are no tokens, or two text tokens are the same.</exception>
    public Vocabulary(string source, IReadOnlyList<ReadOnlyMemory<byte>> tokens, TokenKind[] kinds)
    {
        if (tokens.Count == 0)
            throw new CriaException($"{source}: the vocabulary is empty; convert the model again");
        this.kinds = kinds;
        starts = new int[tokens.Count + 1];
        long total = 0;
        foreach (ReadOnlyMemory<byte> token in tokens)
            total += token.Length;
        bytes = new byte[checked((int)total)];
        for (int id = 0; id < tokens.Count; id++)
        {
            tokens[id].Span.CopyTo(bytes.AsSpan(starts[id]));
            starts[id + 1] = starts[id] + tokens[id].Length;
        }
        slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)tokens.Count) * 2];
        mask = slots.Length - 1;
        for (int id = 0; id < tokens.Count; id++)
        {
            if (kinds[id] == TokenKind.Normal && starts[id + 1] > starts[id])
                Insert(source, id);
        }
    }

    /// <summary>The number of tokens, special ones included.</summary>
    public int Count => kinds.Length;

    /// <summary>The length in bytes of the longest text token.</summary>
    public int LongestText { get; private set; }

    /// <summary>The kind of a token.</summary>
    public TokenKind Kind(int id) => kinds[id];

    /// <summary>The bytes of a token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => bytes.AsSpan(starts[id], starts[id + 1] - starts[id]);

    /// <summary>The text token with these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> text) => Find(text, ByteHash.Of(text));

    /// <summary>The text token with these bytes, or -1; <paramref name="hash"/> is their <see cref="ByteHash"/>.</summary>
    public int Find(ReadOnlySpan<byte> text, ulong hash)
    {
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ulong entry = slots[slot];
            if (entry == 0)
                return -1;
            if (entry >> 32 == hash >> 32)
            {
                int id = (int)(uint)entry - 1;
                if (Bytes(id).SequenceEqual(text))
                    return id;
            }
        }
    }

    private void Insert(string source, int id)
    {
        ReadOnlySpan<byte> text = Bytes(id);
        ulong hash = ByteHash.Of(text);
        int twin = Find(text, hash);
        if (twin >= 0)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{source}: tokens {twin} and {id} are the same text; the vocabulary is damaged, convert the model again"));
        int slot = (int)hash & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = (hash >> 32 << 32) | (uint)(id + 1);
        LongestText = Math.Max(LongestText, text.Length);
    }
}
