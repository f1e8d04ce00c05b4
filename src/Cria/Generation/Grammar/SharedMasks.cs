namespace Cria.Generation.Grammar;

/// <summary>
/// Masks of states that differ only in how often something has been repeated, far from where that matters: the 7th and the 8th item of a list that may have 500
/// allow the same tokens. A walk through the vocabulary tells how many repetitions its longest token went on; a state that is further than that from the ends
/// of the repetition needs no walk of its own.
/// Not safe for concurrent use.
/// </summary>
/// <param name="states">Where the states belong.</param>
/// <param name="repeats">The number of the grammar's repetitions.</param>
internal sealed class SharedMasks(GrammarAutomaton states, int repeats)
{
    // Together 512 masks at most, of 16 kB each for Llama 3's vocabulary.
    private const int MostPerShape = 4;
    private const int MostShapes = 128;

    private readonly Dictionary<long[], List<Known>> shapes = new(new GrammarAutomaton.PlacesComparer());

    /// <summary>The mask of a state that no token can tell from this one; null when there is none yet.</summary>
    public ulong[]? Find(GrammarAutomaton.State state)
    {
        if (!states.HasRepeats(state) || !shapes.TryGetValue(states.Shape(state), out List<Known>? alike))
            return null;
        for (int i = 0; i < alike.Count; i++)
        {
            Known known = alike[i];
            if (!states.AreAlike(state, known.State, known.Reach))
                continue;
            // The one that served comes first, and what serves no longer falls off the end.
            alike.RemoveAt(i);
            alike.Insert(0, known);
            return known.Mask;
        }
        return null;
    }

    /// <summary>Remembers a mask.</summary>
    /// <param name="state">The state it is of.</param>
    /// <param name="visited">All the states that the walk came through.</param>
    /// <param name="mask">The tokens that fit.</param>
    public void Add(GrammarAutomaton.State state, IEnumerable<GrammarAutomaton.State> visited, ulong[] mask)
    {
        if (!states.HasRepeats(state))
            return;
        if (shapes.Count >= MostShapes)
            shapes.Clear();
        long[] shape = states.Shape(state);
        if (!shapes.TryGetValue(shape, out List<Known>? alike))
            shapes.Add(shape, alike = []);
        if (alike.Count >= MostPerShape)
            alike.RemoveAt(alike.Count - 1);
        alike.Insert(0, new Known(state, Reach(state, visited), mask));
    }

    /// <summary>For each repetition how many copies the walk went on at most.</summary>
    private int[] Reach(GrammarAutomaton.State state, IEnumerable<GrammarAutomaton.State> visited)
    {
        int[] first = new int[repeats], last = new int[first.Length];
        Array.Fill(first, int.MaxValue);
        foreach (RepeatMark mark in states.Marks([state]))
            first[mark.Repeat] = Math.Min(first[mark.Repeat], mark.Copy);
        foreach (RepeatMark mark in states.Marks(visited))
            last[mark.Repeat] = Math.Max(last[mark.Repeat], mark.Copy);
        for (int i = 0; i < first.Length; i++)
            last[i] = Math.Max(0, last[i] - Math.Min(first[i], last[i]));
        return last;
    }

    private sealed record Known(GrammarAutomaton.State State, int[] Reach, ulong[] Mask);
}
