using System.Numerics;
using Cria.Models;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>
/// The pages of sequences by the tokens they hold and everything before them, so that a prompt with an equal beginning need not be computed again.
/// A page stays until room is needed; then the one unused longest goes. Tokens are compared, not only their hash: a hit is never wrong.
/// </summary>
/// <remarks>
/// A sequence that holds a node holds all its parents, and gives them back child first. So a parent in the eviction list always stands behind its children,
/// and the oldest node of the list is a leaf.
/// </remarks>
internal sealed class PrefixCache(KvCache cache)
{
    private readonly Dictionary<ulong, PrefixNode> full = [];
    private readonly Dictionary<int, List<PrefixNode>> roots = [];
    private PrefixNode? oldest;
    private PrefixNode? newest;

    /// <summary>Pages that no sequence holds.</summary>
    public int EvictablePages { get; private set; }

    /// <summary>
    /// Finds the longest beginning of <paramref name="tokens"/> that is known under <paramref name="adapter"/>. Its full pages are appended to <paramref name="path"/>; the page of which only the first
    /// <paramref name="partLength"/> tokens agree is returned. All are held for the caller.
    /// </summary>
    public PrefixNode? Match(int adapter, ReadOnlySpan<int> tokens, List<PrefixNode> path, out int partLength)
    {
        PrefixNode? node = null;
        while (tokens.Length >= KvLayout.PageSize)
        {
            ReadOnlySpan<int> block = tokens[..KvLayout.PageSize];
            if (!full.TryGetValue(Hash(node, adapter, block), out PrefixNode? next) || next.Parent != node || next.Adapter != adapter || !block.SequenceEqual(next.Tokens)) break;
            node = next;
            Hold(node);
            path.Add(node);
            tokens = tokens[KvLayout.PageSize..];
        }
        PrefixNode? part = null;
        partLength = 0;
        foreach (PrefixNode child in ChildrenOf(node, adapter))
        {
            int common = tokens.CommonPrefixLength(child.Tokens);
            if (common > partLength) (part, partLength) = (child, common);
        }
        if (part is not null) Hold(part);
        return part;
    }

    /// <summary>
    /// Makes a full page known, held for the caller: the new node, or the node that already holds the same tokens in another page. Null when the hash is taken by other tokens.
    /// </summary>
    public PrefixNode? Add(PrefixNode? parent, int adapter, ReadOnlySpan<int> block, int page)
    {
        ulong hash = Hash(parent, adapter, block);
        if (full.TryGetValue(hash, out PrefixNode? known))
        {
            if (known.Parent != parent || known.Adapter != adapter || !block.SequenceEqual(known.Tokens)) return null;
            Hold(known);
            return known;
        }
        PrefixNode node = Insert(parent, adapter, hash, block, page);
        node.Users = 1;
        full.Add(hash, node);
        return node;
    }

    /// <summary>Makes a page known that is not full and that no sequence will write to again. The caller holds <paramref name="parent"/>.</summary>
    public void AddPart(PrefixNode? parent, int adapter, ReadOnlySpan<int> tokens, int page)
    {
        foreach (PrefixNode child in ChildrenOf(parent, adapter))
        {
            if (tokens.CommonPrefixLength(child.Tokens) == tokens.Length) return;
        }
        Link(Insert(parent, adapter, 0, tokens, page));
    }

    /// <summary>Holds every node of a path once more.</summary>
    public void Hold(List<PrefixNode> path)
    {
        foreach (PrefixNode node in path) Hold(node);
    }

    /// <summary>Gives a path back and empties it. The pages stay known.</summary>
    public void Release(List<PrefixNode> path)
    {
        for (int i = path.Count - 1; i >= 0; i--) Release(path[i]);
        path.Clear();
    }

    /// <summary>Gives one node back, before its parents.</summary>
    public void Release(PrefixNode node)
    {
        if (--node.Users == 0) Link(node);
    }

    /// <summary>Forgets the page unused longest; false when every page is in use.</summary>
    public bool TryEvict()
    {
        if (oldest is not { } node) return false;
        Forget(node);
        return true;
    }

    private PrefixNode Insert(PrefixNode? parent, int adapter, ulong hash, ReadOnlySpan<int> tokens, int page)
    {
        List<PrefixNode> siblings = ChildrenOf(parent, adapter);
        for (int i = siblings.Count - 1; i >= 0; i--)
        {
            // What the new page holds too is not worth a page of its own.
            PrefixNode sibling = siblings[i];
            if (sibling.Users == 0 && sibling.Tokens.Length < tokens.Length && tokens.StartsWith(sibling.Tokens)) Forget(sibling);
        }
        var node = new PrefixNode(parent, adapter, hash, tokens.ToArray(), page);
        siblings.Add(node);
        cache.Share(page);
        return node;
    }

    private void Forget(PrefixNode node)
    {
        Unlink(node);
        if (node.Tokens.Length == KvLayout.PageSize) full.Remove(node.Hash);
        ChildrenOf(node.Parent, node.Adapter).Remove(node);
        cache.Release(node.Page);
    }

    private List<PrefixNode> ChildrenOf(PrefixNode? node, int adapter)
    {
        if (node is not null) return node.Children;
        if (!roots.TryGetValue(adapter, out List<PrefixNode>? first)) roots.Add(adapter, first = []);
        return first;
    }

    private void Hold(PrefixNode node)
    {
        if (node.Users++ == 0) Unlink(node);
    }

    private void Link(PrefixNode node)
    {
        node.Older = newest;
        if (newest is null) oldest = node;
        else newest.Newer = node;
        newest = node;
        EvictablePages++;
    }

    private void Unlink(PrefixNode node)
    {
        if (node.Older is null) oldest = node.Newer;
        else node.Older.Newer = node.Newer;
        if (node.Newer is null) newest = node.Older;
        else node.Newer.Older = node.Older;
        node.Older = node.Newer = null;
        EvictablePages--;
    }

    private static ulong Hash(PrefixNode? parent, int adapter, ReadOnlySpan<int> block)
    {
        ulong hash = parent?.Hash ?? 0x9E3779B97F4A7C15 * (ulong)(adapter + 1);
        foreach (int token in block) hash = BitOperations.RotateLeft((hash ^ (uint)token) * 0xBF58476D1CE4E5B9, 29);
        return hash ^ (hash >> 32);
    }
}
