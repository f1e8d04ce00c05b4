using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>
/// Pages of keys and values, handed out by number. Memory is taken from the system as it is used, in slabs of ever more pages up to <see cref="MostSlabPages"/>. In a slab the pages' parts of
/// one layer and head lie side by side: attention reads them one after another, and long runs of memory are read faster than pieces of a page here and there. Not thread-safe: one engine owns it.
/// Inside a page, for each layer and head: keys as [position / 16, feature, position % 16], so that 16 scores are computed in one vector, then values as [position, feature].
/// Quantized keys are [position / 16, feature / 32] blocks of 16 positions: their 16 scales, then [feature, position % 16] as bytes (Q8_0), or with features i and i + 16 of the
/// 32 in one byte (Q4_0). Quantized values are the format's own rows. I16 and I8 are what is multiplied: keys as [position / 16, block] of 16 scales and then
/// [feature / 2, 16] pairs or [feature / 4, 16] quads of features, values as scales [block, position] and then [feature / 16, position / 2, 16] pairs or [feature / 16, position / 4, 16] quads of positions.
/// </summary>
public sealed unsafe class KvPool : IDisposable
{
    /// <summary>Pages of a large slab: as many as attention takes together.</summary>
    private const int MostSlabPages = 16;

    private readonly List<NativeBuffer> slabs = [];
    private readonly List<Place> pages = [];
    private readonly Stack<int> free = [];

    internal KvPool(KvLayout layout, long maxPages)
    {
        Layout = layout;
        MaxPages = maxPages;
    }

    /// <summary>Takes memory from the system, which need not be zeroed; replaceable, so that a test can run out of it.</summary>
    internal Func<long, NativeBuffer> Take { get; init; } = NativeBuffer.Unset;

    /// <summary>Shape of the pages.</summary>
    public KvLayout Layout { get; }

    /// <summary>Pages that may exist at once.</summary>
    public long MaxPages { get; }

    /// <summary>Pages in use.</summary>
    public int UsedPages { get; private set; }

    /// <summary>Bytes held from the system.</summary>
    public long ReservedBytes => pages.Count * Layout.PageBytes;

    /// <summary>
    /// Takes a zeroed page, the one behind <paramref name="previous"/> where that is free; false when <see cref="MaxPages"/> are in use. Throws <see cref="OutOfMemoryException"/> when the
    /// system has no memory for another, and is unchanged then.
    /// </summary>
    public bool TryAllocate(out int page, int previous = -1)
    {
        page = -1;
        if (UsedPages == MaxPages) return false;
        if (UsedPages == pages.Count) Grow();
        page = previous + 1;
        // Whoever takes a page out of turn leaves its number where it is; so it must be looked at again when its turn comes.
        if (page == 0 || page == pages.Count || pages[page].IsUsed) page = NextFree();
        pages[page] = pages[page] with { IsUsed = true };
        UsedPages++;
        // Masked positions are multiplied by zero, so what is left in them must be finite.
        for (int part = 0; part < Layout.PartCount; part++) Part(page, part).Clear();
        return true;
    }

    /// <summary>Gives a page back.</summary>
    public void Free(int page)
    {
        if (!pages[page].IsListed) free.Push(page);
        pages[page] = pages[page] with { IsUsed = false, IsListed = true };
        UsedPages--;
    }

    /// <summary>Copies one page's contents to another.</summary>
    public void Copy(int from, int to)
    {
        for (int part = 0; part < Layout.PartCount; part++) Part(from, part).CopyTo(Part(to, part));
    }

    /// <summary>A page's part of one layer and head, of <see cref="KvLayout.PartBytes"/>, keys before values.</summary>
    public Span<byte> Part(int page, int part) => new(Start(page, part), (int)Layout.PartBytes);

    /// <summary>All of a page, for saving and loading.</summary>
    internal KvPageMemory Memory(int page) => new((byte*)pages[page].Start, pages[page].PartStep, (int)Layout.PartBytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer slab in slabs) slab.Dispose();
        slabs.Clear();
        pages.Clear();
        free.Clear();
        UsedPages = 0;
    }

    internal byte* Keys(int page, int layer, int head) => Start(page, layer * Layout.HeadCount + head);

    internal byte* Values(int page, int layer, int head) => Keys(page, layer, head) + Layout.KeyBytes;

    private byte* Start(int page, int part) => (byte*)pages[page].Start + part * pages[page].PartStep;

    private int NextFree()
    {
        while (true)
        {
            int page = free.Pop();
            pages[page] = pages[page] with { IsListed = false };
            if (!pages[page].IsUsed) return page;
        }
    }

    /// <summary>Takes another slab: as large as all before it, within bounds, or smaller where the system has no memory for that.</summary>
    private void Grow()
    {
        int count = (int)Math.Min(Math.Clamp(pages.Count, 1, MostSlabPages), MaxPages - pages.Count);
        NativeBuffer? slab = null;
        for (; slab is null; count = slab is null ? count / 2 : count)
        {
            try
            {
                slab = Take(count * Layout.PageBytes);
            }
            catch (Exception failure) when (count > 1 && failure is OutOfMemoryException or CriaException)
            {
            }
        }
        slabs.Add(slab);
        for (int i = 0; i < count; i++) pages.Add(new Place((nint)(slab.Data + i * Layout.PartBytes), count * Layout.PartBytes, IsUsed: false, IsListed: true));
        // The first is to be taken first.
        for (int page = pages.Count - 1; page >= pages.Count - count; page--) free.Push(page);
    }

    /// <param name="Start">The page's first part.</param>
    /// <param name="PartStep">Bytes from one part to the next.</param>
    /// <param name="IsUsed">True while somebody has the page.</param>
    /// <param name="IsListed">True while its number stands among the free ones.</param>
    private readonly record struct Place(nint Start, long PartStep, bool IsUsed, bool IsListed);
}
