using System.Buffers;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>
/// Pages of keys and values, handed out by number. Memory is taken from the system page by page as it is used. Not thread-safe: one engine owns it.
/// Inside a page, for each layer and head: keys as [position / 16, feature, position % 16], so that 16 scores are computed in one vector, then values as [position, feature].
/// Quantized keys are [position / 16, feature / 32] blocks of 16 positions: their 16 scales, then [feature, position % 16] as bytes (Q8_0), or with features i and i + 16 of the
/// 32 in one byte (Q4_0). Quantized values are the format's own rows.
/// </summary>
public sealed unsafe class KvPool : IDisposable
{
    private readonly List<NativeBuffer> pages = [];
    private readonly Stack<int> free = [];

    internal KvPool(KvLayout layout, long maxPages)
    {
        Layout = layout;
        MaxPages = maxPages;
    }

    /// <summary>Takes memory from the system; replaceable, so that a test can run out of it.</summary>
    internal Func<long, NativeBuffer> Take { get; init; } = static bytes => new NativeBuffer(bytes);

    /// <summary>Shape of the pages.</summary>
    public KvLayout Layout { get; }

    /// <summary>Pages that may exist at once.</summary>
    public long MaxPages { get; }

    /// <summary>Pages in use.</summary>
    public int UsedPages => pages.Count - free.Count;

    /// <summary>Bytes held from the system.</summary>
    public long ReservedBytes => pages.Count * Layout.PageBytes;

    /// <summary>Takes a zeroed page; false when <see cref="MaxPages"/> are in use. Throws <see cref="OutOfMemoryException"/> when the system has no memory for another, and is unchanged then.</summary>
    public bool TryAllocate(out int page)
    {
        if (free.TryPop(out page))
        {
            // Masked positions are multiplied by zero, so what is left in them must be finite.
            PageBytes(page).Clear();
            return true;
        }
        if (pages.Count >= MaxPages)
        {
            page = -1;
            return false;
        }
        page = pages.Count;
        pages.Add(Take(Layout.PageBytes));
        return true;
    }

    /// <summary>Gives a page back.</summary>
    public void Free(int page) => free.Push(page);

    /// <summary>Copies one page's contents to another.</summary>
    public void Copy(int from, int to) => PageBytes(from).CopyTo(PageBytes(to));

    /// <summary>All bytes of a page, for saving and loading.</summary>
    public Span<byte> PageBytes(int page) => new(pages[page].Data, checked((int)Layout.PageBytes));

    /// <summary>The same as memory that other threads may use as long as the page is not given back.</summary>
    internal Memory<byte> PageMemory(int page) => new PageOwner(pages[page].Data, checked((int)Layout.PageBytes)).Memory;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer page in pages) page.Dispose();
        pages.Clear();
        free.Clear();
    }

    private sealed class PageOwner(byte* data, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(data, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(data + elementIndex);

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }

    internal byte* Keys(int page, int layer, int head) => pages[page].Data + ((long)layer * Layout.HeadCount + head) * (Layout.KeyBytes + Layout.ValueBytes);

    internal byte* Values(int page, int layer, int head) => Keys(page, layer, head) + Layout.KeyBytes;
}
