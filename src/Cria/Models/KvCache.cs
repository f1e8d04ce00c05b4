using Cria.Tensors.Backends;

namespace Cria.Models;

/// <summary>
/// The keys and values of all sequences, in pages of <see cref="KvLayout.PageSize"/> positions that sequences may share. Memory grows with use.
/// Not thread-safe: one engine owns it.
/// </summary>
public sealed class KvCache : IDisposable
{
    private readonly List<int> references = [];

    internal KvCache(KvPool pool) => Pool = pool;

    /// <summary>Pages in use.</summary>
    public int UsedPages => Pool.UsedPages;

    /// <summary>Pages that may be in use at once.</summary>
    public long MaxPages => Pool.MaxPages;

    /// <summary>Pages that may still be taken.</summary>
    public long FreePages => Pool.MaxPages - Pool.UsedPages;

    /// <summary>Bytes held from the system.</summary>
    public long ReservedBytes => Pool.ReservedBytes;

    /// <summary>Bytes of one page.</summary>
    public long PageBytes => Pool.Layout.PageBytes;

    internal KvPool Pool { get; }

    /// <summary>An empty sequence, computed with one of the adapters to choose from, or with none.</summary>
    public KvSequence NewSequence(int adapter = 0) => new(this) { Adapter = adapter };

    /// <summary>A sequence on pages that already hold <paramref name="prefix"/>, with room for <paramref name="capacity"/> tokens before its lists grow.</summary>
    internal KvSequence NewSequence(ReadOnlySpan<int> prefix, ReadOnlySpan<int> pages, int capacity, int adapter = 0) => new(this, prefix, pages, capacity) { Adapter = adapter };

    /// <inheritdoc/>
    public void Dispose() => Pool.Dispose();

    internal bool TryAllocate(out int page, int previous)
    {
        if (!Pool.TryAllocate(out page, previous)) return false;
        while (references.Count <= page) references.Add(0);
        references[page] = 1;
        return true;
    }

    internal void Share(int page) => references[page]++;

    internal bool IsShared(int page) => references[page] > 1;

    internal void Release(int page)
    {
        if (--references[page] == 0) Pool.Free(page);
    }
}
