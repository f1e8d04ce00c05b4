namespace Cria.Tensors.Memory;

/// <summary>
/// The scratch memory of one step: allocation moves a pointer, release moves it back. It grows to what the largest step needs and is then reused,
/// so a steady state allocates nothing.
/// </summary>
internal sealed unsafe class Arena : IDisposable
{
    private const long SmallestBlock = 4 << 20;
    private readonly List<NativeBuffer> blocks = [];
    private int block;
    private long used;

    /// <summary>Bytes held from the system.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Takes uninitialised, 64-byte aligned memory for <paramref name="count"/> elements.</summary>
    public T* Take<T>(long count) where T : unmanaged
    {
        long bytes = (checked(count * sizeof(T)) + 63) & ~63L;
        while (block < blocks.Count)
        {
            if (used + bytes <= blocks[block].ByteCount)
            {
                T* result = (T*)(blocks[block].Data + used);
                used += bytes;
                return result;
            }
            block++;
            used = 0;
        }
        var fresh = new NativeBuffer(Math.Max(bytes, SmallestBlock));
        ReservedBytes += fresh.ByteCount;
        blocks.Add(fresh);
        used = bytes;
        return (T*)fresh.Data;
    }

    /// <summary>The current position, to return to with <see cref="Release"/>.</summary>
    public (int Block, long Used) Mark() => (block, used);

    /// <summary>Gives back everything taken since the mark.</summary>
    public void Release((int Block, long Used) mark) => (block, used) = mark;

    /// <summary>Gives back everything.</summary>
    public void Reset() => (block, used) = (0, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in blocks) buffer.Dispose();
        blocks.Clear();
        Reset();
    }
}
