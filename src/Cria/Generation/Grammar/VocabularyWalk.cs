namespace Cria.Generation.Grammar;

/// <summary>A walk through the vocabulary from one state: which tokens fit there. For one mask.</summary>
/// <param name="trie">The vocabulary.</param>
/// <param name="states">Where the state belongs.</param>
/// <param name="start">The state.</param>
internal sealed class VocabularyWalk(TokenTrie trie, GrammarAutomaton states, GrammarAutomaton.State start)
{
    private readonly int number = states.BeginWalk();
    private readonly List<GrammarAutomaton.State> visited = [];

    /// <summary>Every state that some beginning of a token led to, the first one included; once <see cref="Mask"/> was called.</summary>
    public IReadOnlyList<GrammarAutomaton.State> Visited => visited;

    /// <summary>The tokens that fit, one bit each.</summary>
    public ulong[] Mask()
    {
        ulong[] mask = new ulong[trie.MaskLength];
        Visit(start);
        int characters = PlainCharacters();
        if (characters >= 0)
            trie.PlainMask(characters).CopyTo(mask);
        else
            Walk(trie.Plain, mask);
        Walk(trie.Other, mask);
        return mask;
    }

    private void Walk(TokenTrie.Tree tree, ulong[] mask)
    {
        TokenTrie.Node[] nodes = tree.Nodes;
        GrammarAutomaton.State[] path = new GrammarAutomaton.State[tree.Deepest + 1];
        path[0] = start;
        for (int i = 0; i < nodes.Length;)
        {
            ref readonly TokenTrie.Node node = ref nodes[i];
            if (states.Next(path[node.Depth], node.Value) is not { } next)
            {
                i = node.End;
                continue;
            }
            Visit(next);
            path[node.Depth + 1] = next;
            for (int token = node.Token; token >= 0; token = tree.Twin(token))
                mask[token >> 6] |= 1UL << (token & 63);
            i++;
        }
    }

    /// <summary>
    /// How many plain characters fit next where it does not matter which they are, as inside a JSON string without a pattern; -1 where it does.
    /// Then the tokens that fit are known by their lengths alone.
    /// </summary>
    private int PlainCharacters()
    {
        GrammarAutomaton.State state = start;
        for (int count = 0; count < trie.LongestPlain; count++)
        {
            GrammarAutomaton.State next = states.AfterText(state);
            if (ReferenceEquals(next, GrammarAutomaton.State.Mixed))
                return -1;
            if (ReferenceEquals(next, GrammarAutomaton.State.Dead))
                return count;
            if (ReferenceEquals(next, state))
                break;
            state = next;
            Visit(state);
        }
        return trie.LongestPlain;
    }

    private void Visit(GrammarAutomaton.State state)
    {
        if (state.LastWalk == number)
            return;
        state.LastWalk = number;
        visited.Add(state);
    }
}
