namespace Cria.Tokenization;

/// <summary>
/// Remembers the ids of pieces that take more than one token. Of fixed size; safe for concurrent use, since entries never change
/// and a slot is replaced by one write.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are not remembered.</summary>
    public const int LongestPiece = 64;

    private const int Slots = 1 << 15;

    // An entry gives its place to another piece only after so many lookups of others, so that a rare word does not push out a common one.
    private const int Patience = 4;

    private readonly Entry?[] entries = new Entry?[Slots];

    /// <summary>The remembered ids of a piece, or none.</summary>
    public ReadOnlySpan<int> Find(ReadOnlySpan<byte> piece, ulong hash)
    {
        Entry? entry = Volatile.Read(ref entries[(int)(hash >> 49)]);
        if (entry is not null && entry.Hash == hash && entry.Piece.AsSpan().SequenceEqual(piece))
        {
            entry.Slights = 0;
            return entry.Ids;
        }
        return default;
    }

    /// <summary>Remembers a piece, unless a busier one holds its place.</summary>
    public void Add(ReadOnlySpan<byte> piece, ulong hash, ReadOnlySpan<int> ids)
    {
        if (piece.Length > LongestPiece)
            return;
        ref Entry? place = ref entries[(int)(hash >> 49)];
        if (place is { } holder && ++holder.Slights < Patience)
            return;
        Volatile.Write(ref place, new Entry(hash, piece.ToArray(), ids.ToArray()));
    }

    private sealed class Entry(ulong hash, byte[] piece, int[] ids)
    {
        public readonly ulong Hash = hash;
        public readonly byte[] Piece = piece;
        public readonly int[] Ids = ids;

        // A lost update between threads only shifts when the place changes hands.
        public int Slights;
    }
}
