using System.Runtime.InteropServices;
using Cria.Tensors.Backends;

namespace Cria.Models;

/// <summary>The cached keys and values of one sequence of tokens, and those tokens. Disposing it gives its pages back.</summary>
public sealed class KvSequence : IDisposable
{
    private readonly KvCache cache;
    private readonly List<int> tokens = [];
    private int[] pages = new int[8];
    private int pageCount;

    internal KvSequence(KvCache cache) => this.cache = cache;

    /// <summary>
    /// A sequence that begins with pages that already hold <paramref name="prefix"/>, which it shares, and has room for <paramref name="capacity"/> tokens before its lists grow.
    /// The last page may hold other tokens after them; it is copied before it is written to.
    /// </summary>
    internal KvSequence(KvCache cache, ReadOnlySpan<int> prefix, ReadOnlySpan<int> sharedPages, int capacity) : this(cache)
    {
        if (PagesFor(prefix.Length) != sharedPages.Length) throw new ArgumentException($"{prefix.Length} tokens in {sharedPages.Length} pages", nameof(prefix));
        tokens.EnsureCapacity(Math.Max(capacity, prefix.Length));
        CollectionsMarshal.SetCount(tokens, prefix.Length);
        prefix.CopyTo(CollectionsMarshal.AsSpan(tokens));
        pages = new int[Math.Max(8, PagesFor(Math.Max(capacity, prefix.Length)))];
        foreach (int page in sharedPages)
        {
            cache.Share(page);
            pages[pageCount++] = page;
        }
    }

    /// <summary>Tokens in the cache; the position of the next token.</summary>
    public int Length => tokens.Count;

    /// <summary>The cached tokens.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>The adapter its tokens are computed with: the number of one of those that were loaded to choose from, or 0 for none.</summary>
    public int Adapter { get; internal init; }

    /// <summary>Pages held, shared ones included.</summary>
    public int PageCount => pageCount;

    internal int[] Pages => pages;

    internal ReadOnlySpan<int> TokenSpan => CollectionsMarshal.AsSpan(tokens);

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length >= Length) return;
        tokens.RemoveRange(length, tokens.Count - length);
        int needed = PagesFor(length);
        while (pageCount > needed) cache.Release(pages[--pageCount]);
    }

    /// <summary>A new sequence that begins with this one's first <paramref name="length"/> tokens. Full pages are shared; a partly used last page is copied when either side writes to it.</summary>
    public KvSequence Fork(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        var fork = new KvSequence(cache) { Adapter = Adapter };
        int needed = PagesFor(length);
        fork.pages = new int[Math.Max(pages.Length, needed)];
        fork.tokens.EnsureCapacity(tokens.Capacity);
        fork.pageCount = needed;
        for (int i = 0; i < needed; i++) cache.Share(fork.pages[i] = pages[i]);
        fork.tokens.AddRange(TokenSpan[..length]);
        return fork;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tokens.Clear();
        while (pageCount > 0) cache.Release(pages[--pageCount]);
    }

    /// <summary>Takes the pages for <paramref name="length"/> tokens, and a page of its own where the next token would be written to a shared one; false when the cache is full.</summary>
    internal bool TryReserve(int length)
    {
        int lastUsed = Length / KvLayout.PageSize;
        if (lastUsed < pageCount && cache.IsShared(pages[lastUsed]))
        {
            if (!cache.TryAllocate(out int own, PageBefore(lastUsed))) return false;
            cache.Pool.Copy(pages[lastUsed], own);
            cache.Release(pages[lastUsed]);
            pages[lastUsed] = own;
        }
        int needed = PagesFor(length);
        if (needed > pages.Length) Array.Resize(ref pages, Math.Max(needed, pages.Length * 2));
        int before = pageCount;
        while (pageCount < needed)
        {
            if (cache.TryAllocate(out pages[pageCount], PageBefore(pageCount)))
            {
                pageCount++;
                continue;
            }
            while (pageCount > before) cache.Release(pages[--pageCount]);
            return false;
        }
        return true;
    }

    /// <summary>Extends the sequence to <paramref name="length"/> tokens with copies of its first page, which must be full: something to time with. False when the cache is full.</summary>
    internal bool TryRepeat(int length)
    {
        int before = Length, kept = PagesFor(before);
        if (!TryReserve(length)) return false;
        for (int i = kept; i < pageCount; i++) cache.Pool.Copy(pages[0], pages[i]);
        for (int i = before; i < length; i++) tokens.Add(tokens[i % KvLayout.PageSize]);
        return true;
    }

    /// <summary>Pages that <see cref="TryReserve"/> would take from the cache.</summary>
    internal int PagesToReserve(int length)
    {
        int lastUsed = Length / KvLayout.PageSize;
        int copies = lastUsed < pageCount && cache.IsShared(pages[lastUsed]) ? 1 : 0;
        return Math.Max(0, PagesFor(length) - pageCount) + copies;
    }

    /// <summary>Shares a full page that holds the same as its own one, which it gives back.</summary>
    internal void ReplacePage(int index, int page)
    {
        cache.Share(page);
        cache.Release(pages[index]);
        pages[index] = page;
    }

    internal void Append(ReadOnlySpan<int> next)
    {
        foreach (int token in next) tokens.Add(token);
    }

    private int PageBefore(int index) => index == 0 ? -1 : pages[index - 1];

    internal static int PagesFor(int length) => (length + KvLayout.PageSize - 1) / KvLayout.PageSize;
}
