namespace Cria.Tensors.Backends;

/// <summary>A page's memory, which other threads may use as long as the page is not given back, or a copy of a page.</summary>
internal sealed unsafe class KvPageMemory
{
    private readonly byte* start;
    private readonly long partStep;
    private readonly int partBytes;
    private readonly byte[]? copy;

    public KvPageMemory(byte* start, long partStep, int partBytes)
    {
        this.start = start;
        this.partStep = partStep;
        this.partBytes = partBytes;
    }

    private KvPageMemory(byte[] copy, int partBytes) => (this.copy, this.partBytes) = (copy, partBytes);

    /// <summary>Reads the parts one after another.</summary>
    public void CopyTo(Span<byte> page)
    {
        for (int i = 0; i * partBytes < page.Length; i++) Part(i).CopyTo(page.Slice(i * partBytes, partBytes));
    }

    /// <summary>Writes the parts, which stand one after another.</summary>
    public void CopyFrom(ReadOnlySpan<byte> page)
    {
        for (int i = 0; i * partBytes < page.Length; i++) page.Slice(i * partBytes, partBytes).CopyTo(Part(i));
    }

    /// <summary>A copy that is clear from the position <paramref name="offset"/> on.</summary>
    public KvPageMemory CopyBefore(KvLayout layout, int offset)
    {
        byte[] bytes = new byte[layout.PageBytes];
        CopyTo(bytes);
        layout.ClearFrom(bytes, offset);
        return new KvPageMemory(bytes, partBytes);
    }

    private Span<byte> Part(int part) => copy is null ? new Span<byte>(start + part * partStep, partBytes) : copy.AsSpan(part * partBytes, partBytes);
}
