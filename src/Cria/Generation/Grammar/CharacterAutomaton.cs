using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>
/// A nondeterministic automaton over characters without empty moves. Unlike an <see cref="Expression"/> it can be intersected:
/// a pattern with a length, two patterns with each other. State 0 is the first.
/// </summary>
internal sealed class CharacterAutomaton
{
    private const int MostStates = 1 << 18;

    private readonly List<List<(CharacterSet Set, int Target)>> edges = [[]];
    private readonly List<bool> accepting = [false];

    private CharacterAutomaton() { }

    /// <summary>The number of states.</summary>
    public int Count => edges.Count;

    /// <summary>Where a state leads.</summary>
    public IReadOnlyList<(CharacterSet Set, int Target)> Edges(int state) => edges[state];

    /// <summary>True when a text may end in the state.</summary>
    public bool Accepts(int state) => accepting[state];

    /// <summary>True when no text is accepted. Only right after <see cref="Trim"/> or <see cref="Intersect"/>.</summary>
    public bool IsEmpty => edges[0].Count == 0 && !accepting[0];

    /// <summary>The automaton of an expression of characters (Glushkov's construction: one state for each character position).</summary>
    public static CharacterAutomaton From(Expression expression)
    {
        CharacterAutomaton automaton = new();
        Fragment whole = automaton.Add(expression);
        automaton.accepting[0] = whole.Nullable;
        foreach (int last in whole.Last)
            automaton.accepting[last] = true;
        automaton.Connect(0, whole.First);
        return automaton;
    }

    /// <summary>Texts of at least <paramref name="least"/> and at most <paramref name="most"/> characters.</summary>
    public static CharacterAutomaton Length(int least, int? most)
    {
        CharacterAutomaton automaton = new();
        int last = most ?? least;
        for (int i = 0; i < last; i++)
            automaton.edges[i].Add((CharacterSet.All, automaton.NewState()));
        for (int i = least; i <= last; i++)
            automaton.accepting[i] = true;
        if (most is null)
            automaton.edges[last].Add((CharacterSet.All, last));
        return automaton;
    }

    /// <summary>Every text but the given ones.</summary>
    public static CharacterAutomaton Except(IEnumerable<string> texts)
    {
        CharacterAutomaton automaton = new();
        int free = automaton.NewState();
        automaton.edges[free].Add((CharacterSet.All, free));
        HashSet<int> forbidden = [];
        Dictionary<int, SortedDictionary<int, int>> children = new() { [0] = [] };
        foreach (string text in texts)
        {
            int state = 0;
            foreach (System.Text.Rune rune in text.EnumerateRunes())
            {
                if (!children[state].TryGetValue(rune.Value, out int child))
                {
                    child = automaton.NewState();
                    children[state].Add(rune.Value, child);
                    children.Add(child, []);
                }
                state = child;
            }
            forbidden.Add(state);
        }
        foreach ((int state, SortedDictionary<int, int> next) in children)
        {
            CharacterSet known = CharacterSet.Of([.. next.Keys.Select(value => (value, value))]);
            foreach ((int value, int child) in next)
                automaton.edges[state].Add((CharacterSet.Of(value), child));
            automaton.edges[state].Add((known.Complement(), free));
        }
        for (int state = 0; state < automaton.Count; state++)
            automaton.accepting[state] = !forbidden.Contains(state);
        return automaton;
    }

    /// <summary>The texts that both accept, with every state useful.</summary>
    public CharacterAutomaton Intersect(CharacterAutomaton other)
    {
        CharacterAutomaton product = new();
        Dictionary<(int, int), int> known = new() { [(0, 0)] = 0 };
        Queue<(int Left, int Right)> open = new([(0, 0)]);
        while (open.TryDequeue(out (int Left, int Right) pair))
        {
            int from = known[pair];
            product.accepting[from] = accepting[pair.Left] && other.accepting[pair.Right];
            foreach ((CharacterSet leftSet, int leftTarget) in edges[pair.Left])
            {
                foreach ((CharacterSet rightSet, int rightTarget) in other.edges[pair.Right])
                {
                    CharacterSet both = leftSet.Intersect(rightSet);
                    if (both.IsEmpty)
                        continue;
                    if (!known.TryGetValue((leftTarget, rightTarget), out int target))
                    {
                        target = product.NewState();
                        known.Add((leftTarget, rightTarget), target);
                        open.Enqueue((leftTarget, rightTarget));
                    }
                    product.edges[from].Add((both, target));
                }
            }
        }
        return product.Trim();
    }

    /// <summary>The same without states from which no text can end, so that a generation never runs into one.</summary>
    public CharacterAutomaton Trim()
    {
        List<int>[] sources = new List<int>[Count];
        for (int state = 0; state < Count; state++)
        {
            foreach ((CharacterSet set, int target) in edges[state])
            {
                if (!set.IsEmpty)
                    (sources[target] ??= []).Add(state);
            }
        }
        bool[] useful = new bool[Count];
        Stack<int> open = new(Enumerable.Range(0, Count).Where(state => accepting[state]));
        while (open.TryPop(out int state))
        {
            if (useful[state])
                continue;
            useful[state] = true;
            foreach (int source in sources[state] ?? [])
                open.Push(source);
        }
        int[] number = new int[Count];
        CharacterAutomaton trimmed = new();
        for (int state = 1; state < Count; state++)
            number[state] = useful[state] ? trimmed.NewState() : -1;
        for (int state = 0; state < Count; state++)
        {
            if (!useful[state])
                continue;
            trimmed.accepting[number[state]] = accepting[state];
            foreach ((CharacterSet set, int target) in edges[state])
            {
                if (useful[target] && !set.IsEmpty)
                    trimmed.edges[number[state]].Add((set, number[target]));
            }
        }
        return trimmed;
    }

    private int NewState()
    {
        if (Count >= MostStates)
            throw new CriaException("the pattern is too large together with its length limits; make its repetitions or the limits smaller");
        edges.Add([]);
        accepting.Add(false);
        return Count - 1;
    }

    private void Connect(int from, IEnumerable<(CharacterSet Set, int Target)> targets) => edges[from].AddRange(targets.Where(target => !edges[from].Contains(target)));

    private Fragment Add(Expression expression)
    {
        switch (expression)
        {
            case Expression.Character(CharacterSet set):
                int state = NewState();
                return new Fragment(false, [(set, state)], [state]);
            case Expression.Sequence(IReadOnlyList<Expression> items):
                Fragment sequence = Fragment.Empty;
                foreach (Expression item in items)
                    sequence = Join(sequence, Add(item));
                return sequence;
            case Expression.Choice(IReadOnlyList<Expression> items):
                Fragment choice = Fragment.Impossible;
                foreach (Expression item in items)
                {
                    Fragment next = Add(item);
                    choice = new Fragment(choice.Nullable || next.Nullable, [.. choice.First, .. next.First], [.. choice.Last, .. next.Last]);
                }
                return choice;
            case Expression.Repeat(Expression item, int least, var most):
                Fragment repeated = Fragment.Empty;
                if (most is null)
                {
                    repeated = Add(item);
                    foreach (int last in repeated.Last)
                        Connect(last, repeated.First);
                    repeated = repeated with { Nullable = true };
                    // x{n,} is x{n-1} before x+.
                    if (least > 0)
                        repeated = Join(Copies(item, least), repeated);
                    return repeated;
                }
                for (int i = least; i < most; i++)
                    repeated = Join(Add(item), repeated) with { Nullable = true };
                return Join(Copies(item, least), repeated);
            default:
                throw new InvalidOperationException($"{expression.GetType().Name} is not made of characters");
        }
    }

    private Fragment Copies(Expression item, int count)
    {
        Fragment copies = Fragment.Empty;
        for (int i = 0; i < count; i++)
            copies = Join(copies, Add(item));
        return copies;
    }

    private Fragment Join(Fragment left, Fragment right)
    {
        foreach (int last in left.Last)
            Connect(last, right.First);
        return new Fragment(
            left.Nullable && right.Nullable,
            left.Nullable ? [.. left.First, .. right.First] : left.First,
            right.Nullable ? [.. left.Last, .. right.Last] : right.Last);
    }

    private readonly record struct Fragment(bool Nullable, List<(CharacterSet Set, int Target)> First, List<int> Last)
    {
        public static Fragment Empty => new(true, [], []);

        public static Fragment Impossible => new(false, [], []);
    }
}
