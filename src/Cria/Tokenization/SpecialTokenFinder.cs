using System.Buffers;

namespace Cria.Tokenization;

/// <summary>Finds the special tokens that stand in a text, leftmost first and the longest where several begin; time linear in the text.</summary>
internal sealed class SpecialTokenFinder
{
    private readonly Dictionary<(int Node, byte Next), int> children = [];
    private readonly List<int> tokenAt = [-1];
    private readonly SearchValues<byte> firstBytes;

    /// <summary>Finds the given tokens; empty texts are left out.</summary>
    public SpecialTokenFinder(Vocabulary vocabulary, IEnumerable<int> tokens)
    {
        HashSet<byte> first = [];
        foreach (int id in tokens)
        {
            ReadOnlySpan<byte> text = vocabulary.Bytes(id);
            if (text.IsEmpty)
                continue;
            first.Add(text[0]);
            int node = 0;
            foreach (byte next in text)
            {
                if (!children.TryGetValue((node, next), out int child))
                {
                    child = tokenAt.Count;
                    tokenAt.Add(-1);
                    children.Add((node, next), child);
                }
                node = child;
            }
            if (tokenAt[node] < 0)
                tokenAt[node] = id;
        }
        firstBytes = SearchValues.Create([.. first]);
    }

    /// <summary>True when there is nothing to find.</summary>
    public bool IsEmpty => tokenAt.Count == 1;

    /// <summary>Finds the first token at or after <paramref name="start"/>; false when the rest of the text holds none.</summary>
    public bool TryFind(ReadOnlySpan<byte> text, int start, out int position, out int length, out int id)
    {
        while (true)
        {
            int offset = text[start..].IndexOfAny(firstBytes);
            if (offset < 0)
            {
                position = length = id = -1;
                return false;
            }
            position = start + offset;
            length = 0;
            id = -1;
            int node = 0;
            for (int i = position; i < text.Length && children.TryGetValue((node, text[i]), out node); i++)
            {
                if (tokenAt[node] >= 0)
                {
                    id = tokenAt[node];
                    length = i + 1 - position;
                }
            }
            if (id >= 0)
                return true;
            start = position + 1;
        }
    }
}
