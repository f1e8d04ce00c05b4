using System.Numerics;

namespace Cria.Tokenization;

/// <summary>Which pairs of neighbouring symbols may become one symbol, and which of them goes first: the lowest rank.</summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int Never = int.MaxValue;

    private readonly Entry[] slots;
    private readonly int shift;
    private readonly int mask;

    /// <summary>Makes a table of the given pairs; the first of equal pairs counts.</summary>
    public MergeTable(IReadOnlyCollection<Merge> merges)
    {
        int bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(merges.Count + (merges.Count >> 1) + 16)));
        slots = new Entry[1 << bits];
        shift = 64 - bits;
        mask = slots.Length - 1;
        foreach (Merge merge in merges)
        {
            ulong key = Key(merge.Left, merge.Right);
            int slot = Slot(key);
            while (slots[slot].Key != 0 && slots[slot].Key != key)
                slot = (slot + 1) & mask;
            if (slots[slot].Key == 0)
                slots[slot] = new Entry(key, merge.Rank, merge.Result);
        }
    }

    /// <summary>The pairs in order of rank, those of equal rank in order of their symbols.</summary>
    public IEnumerable<Merge> InOrder() =>
        slots.Where(entry => entry.Key != 0).OrderBy(entry => entry.Rank).ThenBy(entry => entry.Key)
            .Select(entry => new Merge((int)(entry.Key >> 32) - 1, (int)(uint)entry.Key - 1, entry.Rank, entry.Result));

    /// <summary>The rank of a pair and the symbol it becomes; <see cref="Never"/> when it does not merge.</summary>
    public int Rank(int left, int right, out int result)
    {
        ulong key = Key(left, right);
        for (int slot = Slot(key); ; slot = (slot + 1) & mask)
        {
            ref readonly Entry entry = ref slots[slot];
            if (entry.Key == key)
            {
                result = entry.Result;
                return entry.Rank;
            }
            if (entry.Key == 0)
            {
                result = -1;
                return Never;
            }
        }
    }

    // One is added on both sides so that no pair has the key zero, which marks an empty slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)(right + 1);

    private int Slot(ulong key) => (int)(((key * 0x9E3779B97F4A7C15) ^ (key >> 29)) * 0xD6E8FEB86659FD93 >> shift);

    private readonly record struct Entry(ulong Key, int Rank, int Result);

    /// <summary>One pair: what stands left and right, its place in the order of merging, and the symbol it becomes.</summary>
    internal readonly record struct Merge(int Left, int Right, int Rank, int Result);
}
