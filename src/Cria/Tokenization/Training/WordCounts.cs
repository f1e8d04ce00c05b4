namespace Cria.Tokenization.Training;

/// <summary>Counts words, given as bytes, in the order of their first appearance.</summary>
internal sealed class WordCounts
{
    private byte[] bytes = new byte[1 << 16];
    private int[] starts = new int[1 << 12];
    private long[] times = new long[1 << 12];
    private int[] slots = new int[1 << 13];

    /// <summary>The number of different words.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of a word.</summary>
    public ReadOnlySpan<byte> Word(int index) => bytes.AsSpan(starts[index], starts[index + 1] - starts[index]);

    /// <summary>How often a word was added.</summary>
    public long Times(int index) => times[index];

    /// <summary>Counts one occurrence.</summary>
    public void Add(ReadOnlySpan<byte> word)
    {
        int mask = slots.Length - 1;
        int slot = (int)ByteHash.Of(word) & mask;
        while (slots[slot] != 0)
        {
            int index = slots[slot] - 1;
            if (Word(index).SequenceEqual(word))
            {
                times[index]++;
                return;
            }
            slot = (slot + 1) & mask;
        }
        int start = starts[Count];
        if (bytes.Length - start < word.Length)
            Array.Resize(ref bytes, checked((int)Math.Max(Math.Min(2L * bytes.Length, Array.MaxLength), start + (long)word.Length)));
        word.CopyTo(bytes.AsSpan(start));
        times[Count] = 1;
        Count++;
        if (Count + 1 == starts.Length)
        {
            Array.Resize(ref starts, 2 * starts.Length);
            Array.Resize(ref times, 2 * times.Length);
        }
        starts[Count] = start + word.Length;
        slots[slot] = Count;
        if (2 * Count > slots.Length)
            Rehash();
    }

    private void Rehash()
    {
        slots = new int[2 * slots.Length];
        int mask = slots.Length - 1;
        for (int index = 0; index < Count; index++)
        {
            int slot = (int)ByteHash.Of(Word(index)) & mask;
            while (slots[slot] != 0)
                slot = (slot + 1) & mask;
            slots[slot] = index + 1;
        }
    }
}
