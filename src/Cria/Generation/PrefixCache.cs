using System.Numerics;
using Cria.Models;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>
/// The full pages of all sequences by the tokens they hold and everything before them, so that a prompt with an equal beginning need not be computed again.
/// A page stays until room is needed; then the one unused longest goes. Tokens are compared, not only their hash: a hit is never wrong.
/// </summary>
/// <remarks>
/// A sequence that holds a node holds all its parents, and gives them back child first. So a parent in the eviction list always stands behind its children,
/// and the oldest node of the list is a leaf.
/// </remarks>
internal sealed class PrefixCache(KvCache cache)
{
    private readonly Dictionary<ulong, PrefixNode> nodes = [];
    private PrefixNode? oldest;
    private PrefixNode? newest;

    /// <summary>Pages known.</summary>
    public int PageCount => nodes.Count;

    /// <summary>Pages that no sequence holds.</summary>
    public int EvictablePages { get; private set; }

    /// <summary>
    /// Finds the longest known beginning of <paramref name="tokens"/>, in full pages, and appends its nodes to <paramref name="path"/>, held for the caller.
    /// </summary>
    public void Match(ReadOnlySpan<int> tokens, List<PrefixNode> path)
    {
        PrefixNode? node = null;
        while (tokens.Length >= KvLayout.PageSize)
        {
            ReadOnlySpan<int> block = tokens[..KvLayout.PageSize];
            node = Find(node, block);
            if (node is null) return;
            Hold(node);
            path.Add(node);
            tokens = tokens[KvLayout.PageSize..];
        }
    }

    /// <summary>
    /// Makes a full page known, held for the caller: the new node, or the node that already holds the same tokens in another page. Null when the hash is taken by other tokens.
    /// </summary>
    public PrefixNode? Add(PrefixNode? parent, ReadOnlySpan<int> block, int page)
    {
        ulong hash = Hash(parent, block);
        if (nodes.TryGetValue(hash, out PrefixNode? node))
        {
            if (node.Parent != parent || !block.SequenceEqual(node.Tokens)) return null;
        }
        else
        {
            node = new PrefixNode(parent, hash, block.ToArray(), page) { Users = 1 };
            nodes.Add(hash, node);
            cache.Share(page);
            return node;
        }
        Hold(node);
        return node;
    }

    /// <summary>Holds every node of a path once more.</summary>
    public void Hold(List<PrefixNode> path)
    {
        foreach (PrefixNode node in path) Hold(node);
    }

    /// <summary>Gives a path back and empties it. The pages stay known.</summary>
    public void Release(List<PrefixNode> path)
    {
        for (int i = path.Count - 1; i >= 0; i--)
        {
            PrefixNode node = path[i];
            if (--node.Users > 0) continue;
            node.Older = newest;
            if (newest is null) oldest = node;
            else newest.Newer = node;
            newest = node;
            EvictablePages++;
        }
        path.Clear();
    }

    /// <summary>Forgets the page unused longest; false when every page is in use.</summary>
    public bool TryEvict()
    {
        if (oldest is not { } node) return false;
        Unlink(node);
        nodes.Remove(node.Hash);
        cache.Release(node.Page);
        return true;
    }

    private PrefixNode? Find(PrefixNode? parent, ReadOnlySpan<int> block) =>
        nodes.TryGetValue(Hash(parent, block), out PrefixNode? node) && node.Parent == parent && block.SequenceEqual(node.Tokens) ? node : null;

    private void Hold(PrefixNode node)
    {
        if (node.Users++ == 0) Unlink(node);
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

    private static ulong Hash(PrefixNode? parent, ReadOnlySpan<int> block)
    {
        ulong hash = parent?.Hash ?? 0x9E3779B97F4A7C15;
        foreach (int token in block) hash = BitOperations.RotateLeft((hash ^ (uint)token) * 0xBF58476D1CE4E5B9, 29);
        return hash ^ (hash >> 32);
    }
}
