using System.Runtime.CompilerServices;
using System.Text;
using Cria.Tokenization;

namespace Cria.Generation.Grammar;

/// <summary>
/// The text tokens of a vocabulary as a tree of bytes, so that tokens with a common beginning are tried together.
/// Nodes stand in depth-first order; a walk that fails at a node goes on behind its subtree.
/// </summary>
internal sealed class TokenTrie
{
    private static readonly ConditionalWeakTable<Tokenizer, TokenTrie> Tries = [];

    private readonly ulong[][] plainMasks;

    private TokenTrie(Tokenizer tokenizer)
    {
        VocabularySize = tokenizer.VocabularySize;
        List<int> plain = [];
        List<int> other = [];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.IsSpecial(id) || tokenizer.TokenBytes(id).IsEmpty)
                continue;
            (IsPlain(tokenizer.TokenBytes(id)) ? plain : other).Add(id);
        }
        Plain = new Tree(tokenizer, plain);
        Other = new Tree(tokenizer, other);
        int[] lengths = [.. plain.Select(id => Encoding.UTF8.GetCharCount(tokenizer.TokenBytes(id)) - CountPairs(tokenizer.TokenBytes(id)))];
        LongestPlain = lengths.DefaultIfEmpty(0).Max();
        plainMasks = new ulong[LongestPlain + 1][];
        for (int length = 0; length <= LongestPlain; length++)
        {
            plainMasks[length] = length == 0 ? new ulong[MaskLength] : (ulong[])plainMasks[length - 1].Clone();
            for (int i = 0; i < plain.Count; i++)
            {
                if (lengths[i] == length)
                    plainMasks[length][plain[i] >> 6] |= 1UL << (plain[i] & 63);
            }
        }
    }

    /// <summary>The number of tokens, special ones included.</summary>
    public int VocabularySize { get; }

    /// <summary>The number of words in a mask of one bit a token.</summary>
    public int MaskLength => (VocabularySize + 63) / 64;

    /// <summary>The tokens that are whole characters without quotes, backslashes and control characters: inside a JSON string all of them fit.</summary>
    public Tree Plain { get; }

    /// <summary>All others.</summary>
    public Tree Other { get; }

    /// <summary>The number of characters in the longest token of <see cref="Plain"/>.</summary>
    public int LongestPlain { get; }

    /// <summary>The tokens of <see cref="Plain"/> with at most so many characters, one bit each.</summary>
    public ReadOnlySpan<ulong> PlainMask(int characters) => plainMasks[Math.Min(characters, LongestPlain)];

    /// <summary>The trie of a tokenizer, made once.</summary>
    public static TokenTrie Of(Tokenizer tokenizer) => Tries.GetValue(tokenizer, static key => new TokenTrie(key));

    private static bool IsPlain(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != System.Buffers.OperationStatus.Done || rune.Value < 0x20 || rune.Value is '"' or '\\')
                return false;
            text = text[length..];
        }
        return true;
    }

    /// <summary>The characters beyond the first plane, which are two units of UTF-16 each.</summary>
    private static int CountPairs(ReadOnlySpan<byte> text)
    {
        int pairs = 0;
        foreach (byte value in text)
            pairs += value >= 0xF0 ? 1 : 0;
        return pairs;
    }

    /// <summary>A tree of some of the tokens.</summary>
    internal sealed class Tree
    {
        private readonly int[] more;

        public Tree(Tokenizer tokenizer, List<int> tokens)
        {
            tokens.Sort((left, right) => tokenizer.TokenBytes(left).SequenceCompareTo(tokenizer.TokenBytes(right)) is int order and not 0 ? order : left - right);
            List<Node> nodes = [];
            List<int> path = [];
            List<int> twins = [.. Enumerable.Repeat(-1, tokenizer.VocabularySize)];
            ReadOnlySpan<byte> previous = default;
            foreach (int id in tokens)
            {
                ReadOnlySpan<byte> text = tokenizer.TokenBytes(id);
                int common = text.CommonPrefixLength(previous);
                Close(path, nodes, common);
                for (int depth = common; depth < text.Length; depth++)
                {
                    path.Add(nodes.Count);
                    nodes.Add(new Node(text[depth], (short)depth, -1, 0));
                }
                Deepest = Math.Max(Deepest, text.Length);
                int last = path[^1];
                // Tokens with the same bytes form a chain that begins at the node.
                twins[id] = nodes[last].Token;
                nodes[last] = nodes[last] with { Token = id };
                previous = text;
            }
            Close(path, nodes, 0);
            Nodes = [.. nodes];
            more = [.. twins];
        }

        /// <summary>The nodes in depth-first order.</summary>
        public Node[] Nodes { get; }

        /// <summary>The length in bytes of the longest token.</summary>
        public int Deepest { get; }

        /// <summary>The next token with the same bytes, or -1.</summary>
        public int Twin(int token) => more[token];

        private static void Close(List<int> path, List<Node> nodes, int depth)
        {
            for (int i = depth; i < path.Count; i++)
                nodes[path[i]] = nodes[path[i]] with { End = nodes.Count };
            path.RemoveRange(depth, path.Count - depth);
        }
    }

    /// <summary>A node: its byte, its depth, a token that ends here or -1, and the first node behind its subtree.</summary>
    internal readonly record struct Node(byte Value, short Depth, int Token, int End);
}
