using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>
/// Pages of keys and values, handed out by number. Memory is taken from the system page by page as it is used. Not thread-safe: one engine owns it.
/// Inside a page, for each layer and head: keys as [position / 16, feature, position % 16], so that 16 scores are computed in one vector, then values as [position, feature].
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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer page in pages) page.Dispose();
        pages.Clear();
        free.Clear();
    }

    internal byte* Keys(int page, int layer, int head) => pages[page].Data + ((long)layer * Layout.HeadCount + head) * 2 * Layout.HeadBytes;

    internal byte* Values(int page, int layer, int head) => Keys(page, layer, head) + Layout.HeadBytes;
}
