namespace Cria.Generation;

/// <summary>A page of a known prefix: the tokens of one page, after those of its parents. A page that is not full is always a leaf.</summary>
internal sealed class PrefixNode(PrefixNode? parent, int adapter, ulong hash, int[] tokens, int page)
{
    public PrefixNode? Parent { get; } = parent;

    /// <summary>The adapter it was computed with.</summary>
    public int Adapter { get; } = adapter;

    /// <summary>Hash of all tokens from the beginning.</summary>
    public ulong Hash { get; } = hash;

    /// <summary>The tokens of this page.</summary>
    public int[] Tokens { get; } = tokens;

    public int Page { get; } = page;

    /// <summary>Pages that follow this one.</summary>
    public List<PrefixNode> Children { get; } = [];

    /// <summary>Sequences that hold this page now. At zero it stands in the list of pages to evict.</summary>
    public int Users { get; set; }

    public PrefixNode? Older { get; set; }

    public PrefixNode? Newer { get; set; }
}
