using System.Diagnostics.CodeAnalysis;
using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>
/// The states a grammar's machine can be in, made when first reached. A state is the set of places in the program at which the text so far
/// may stand, each with its stack; equal sets are one state, so that what is found out about it (where a byte leads, which tokens fit) is found out once.
/// Not safe for concurrent use.
/// </summary>
internal sealed class GrammarAutomaton
{
    private const int DeepestClosure = 1 << 16;
    private const int ManyStates = 1 << 17;

    private readonly GrammarProgram program;
    private readonly byte[] classOf;
    private readonly byte[] memberOf;
    private readonly Dictionary<long[], State> states = new(new PlacesComparer());

    // A stack is a number: 0 is empty, others are a return place on top of another stack.
    private readonly List<(int Return, int Below)> stacks = [(-1, -1)];

    // For each stack the number of its shape, what is left of it without the counts of repetitions; and whether it has any.
    private readonly List<(int Shape, bool HasRepeats)> shapes = [(0, false)];
    private readonly Dictionary<(int Return, int Below), int> shapeOf = [];
    private readonly Dictionary<(int Return, int Below), int> stackOf = [];

    private readonly HashSet<long> reached = [];
    private readonly Stack<(int Place, int Stack)> open = new();
    private readonly List<long> places = [];
    private bool complete;
    private int walks;

    /// <summary>Prepares the first state.</summary>
    /// <exception cref="CriaException">A rule begins with itself.</exception>
    public GrammarAutomaton(GrammarProgram program)
    {
        this.program = program;
        (classOf, int count) = program.Classes();
        memberOf = new byte[count];
        for (int value = 255; value >= 0; value--)
            memberOf[classOf[value]] = (byte)value;
        SharedMasks = new SharedMasks(this, program.Repeats.Count);
        Follow(0, 0);
        Start = Finish();
    }

    /// <summary>The state before any text.</summary>
    public State Start { get; }

    /// <summary>The masks that states have in common.</summary>
    public SharedMasks SharedMasks { get; }

    /// <summary>True when so many states have been made that a fresh automaton should take over.</summary>
    public bool IsFull => states.Count > ManyStates;

    /// <summary>A number for a walk, see <see cref="State.LastWalk"/>.</summary>
    public int BeginWalk() => ++walks;

    /// <summary>The state after one more byte; null when the byte does not fit.</summary>
    public State? Next(State state, byte value)
    {
        int kind = classOf[value];
        State? next = state.Targets[kind];
        if (next is null)
        {
            next = Step(state, memberOf[kind]);
            state.Targets[kind] = next;
        }
        return ReferenceEquals(next, State.Dead) ? null : next;
    }

    /// <summary>The only byte that fits where the text cannot end; -1 where there is a choice.</summary>
    public int OnlyByte(State state)
    {
        if (state.IsComplete)
            return -1;
        int only = -1;
        for (int kind = 0; kind < memberOf.Length; kind++)
        {
            if (Next(state, memberOf[kind]) is null)
                continue;
            bool single = memberOf[kind] == 255 || classOf[memberOf[kind] + 1] != kind;
            if (only >= 0 || !single)
                return -1;
            only = memberOf[kind];
        }
        return only;
    }

    /// <summary>
    /// The state to which every plain character leads alike; <see cref="State.Dead"/> when none fits, <see cref="State.Mixed"/> when it may matter which it is.
    /// One way into a rule that takes them all is alike: the rule ends in the same place whatever it took.
    /// </summary>
    public State AfterText(State state)
    {
        if (state.AfterText is null)
        {
            int[] ways = [.. state.Places.Select(place => (int)(place >> 32)).Where(program.TakesPlain)];
            state.AfterText = ways.Length == 0 ? State.Dead : ways.Length == 1 && program.TakesEveryPlain(ways[0]) ? Next(state, (byte)'a')! : State.Mixed;
        }
        return state.AfterText;
    }

    /// <summary>True when the state stands among the copies of something repeated.</summary>
    public bool HasRepeats(State state) => state.Places.Any(place => program.Mark((int)(place >> 32)) is not null || shapes[(int)(uint)place].HasRepeats);

    /// <summary>What is left of a state without the counts of repetitions. States with one shape may differ in those alone.</summary>
    public long[] Shape(State state)
    {
        long[] shape = [.. Ordered(state).Select(entry => entry.Shape)];
        return state.IsComplete ? [.. shape, -1] : shape;
    }

    /// <summary>True when two states of one shape cannot be told apart by a text that goes on by at most <paramref name="reach"/> copies of each repetition.</summary>
    public bool AreAlike(State state, State other, int[] reach) =>
        Ordered(state).Zip(Ordered(other)).All(pair => AreAlike(pair.First.Place, pair.Second.Place, reach));

    /// <summary>The copies of repetitions that states stand in, each stack once.</summary>
    public IEnumerable<RepeatMark> Marks(IEnumerable<State> some)
    {
        HashSet<int> seen = [0];
        foreach (long place in some.SelectMany(state => state.Places))
        {
            if (program.Mark((int)(place >> 32)) is { } mark)
                yield return mark;
            for (int stack = (int)(uint)place; shapes[stack].HasRepeats && seen.Add(stack); stack = stacks[stack].Below)
            {
                if (program.Mark(stacks[stack].Return) is { } below)
                    yield return below;
            }
        }
    }

    private bool AreAlike(long place, long other, int[] reach)
    {
        if (!AreAlike((int)(place >> 32), (int)(other >> 32), reach))
            return false;
        int left = (int)(uint)place, right = (int)(uint)other;
        while (left != right)
        {
            if (!AreAlike(stacks[left].Return, stacks[right].Return, reach))
                return false;
            (left, right) = (stacks[left].Below, stacks[right].Below);
        }
        return true;
    }

    private bool AreAlike(int instruction, int other, int[] reach) =>
        instruction == other || (program.Mark(instruction) is { } mark && program.Repeats[mark.Repeat].AreAlike(mark.Copy, program.Mark(other)!.Value.Copy, reach[mark.Repeat]));

    /// <summary>The places in an order that counts of repetitions do not change.</summary>
    private IEnumerable<(long Shape, long Place)> Ordered(State state) => state.Places
        .Select(place => (Shape: ((long)Shape((int)(place >> 32)) << 32) | (uint)shapes[(int)(uint)place].Shape, Place: place)).OrderBy(entry => entry.Shape);

    /// <summary>An instruction without the number of the copy it stands in.</summary>
    private int Shape(int instruction) => program.Mark(instruction) is { } mark ? -1 - (mark.Repeat * RepeatMark.MostParts) - mark.Part : instruction;

    private State Step(State state, byte value)
    {
        foreach (long place in state.Places)
        {
            int stack = (int)(uint)place;
            GrammarProgram.Instruction instruction = program.Code[place >> 32];
            int target = instruction.Operation == GrammarProgram.Operation.Range
                ? instruction.Low <= value && value <= instruction.High ? instruction.A : -1
                : program.Tables[instruction.A][value];
            if (target >= 0)
                Follow(target, stack);
        }
        return Finish();
    }

    /// <summary>Collects the byte-taking places that an instruction leads to without taking a byte.</summary>
    private void Follow(int start, int startStack)
    {
        open.Push((start, startStack));
        int calls = 0;
        while (open.TryPop(out (int Place, int Stack) at))
        {
            if (!reached.Add(((long)at.Place << 32) | (uint)at.Stack))
                continue;
            GrammarProgram.Instruction instruction = program.Code[at.Place];
            switch (instruction.Operation)
            {
                case GrammarProgram.Operation.Split:
                    open.Push((instruction.B, at.Stack));
                    open.Push((instruction.A, at.Stack));
                    break;
                case GrammarProgram.Operation.Jump:
                    open.Push((instruction.A, at.Stack));
                    break;
                case GrammarProgram.Operation.Call:
                    if (++calls > DeepestClosure)
                        throw new CriaException("the grammar has a rule that begins with itself (such as a $ref that refers to its own place); put something before the reference");
                    open.Push((instruction.A, Push(instruction.B, at.Stack)));
                    break;
                case GrammarProgram.Operation.Return when at.Stack == 0:
                    complete = true;
                    break;
                case GrammarProgram.Operation.Return:
                    open.Push(stacks[at.Stack]);
                    break;
                default:
                    places.Add(((long)at.Place << 32) | (uint)at.Stack);
                    break;
            }
        }
    }

    private int Push(int place, int below)
    {
        // A call at the end of a rule returns straight to the rule's caller, so that loops by recursion need no deeper stack.
        while (program.Code[place].Operation == GrammarProgram.Operation.Jump)
            place = program.Code[place].A;
        if (program.Code[place].Operation == GrammarProgram.Operation.Return)
            return below;
        if (!stackOf.TryGetValue((place, below), out int stack))
        {
            stack = stacks.Count;
            stacks.Add((place, below));
            stackOf.Add((place, below), stack);
            (int Return, int Below) shape = (Shape(place), shapes[below].Shape);
            if (!shapeOf.TryGetValue(shape, out int known))
                shapeOf.Add(shape, known = shapeOf.Count + 1);
            shapes.Add((known, shapes[below].HasRepeats || program.Mark(place) is not null));
        }
        return stack;
    }

    private State Finish()
    {
        State state = State.Dead;
        if (places.Count > 0 || complete)
        {
            places.Sort();
            // The text's end is a place like others: two states that differ only in it are two.
            if (complete)
                places.Add(-1);
            long[] key = [.. places];
            if (!states.TryGetValue(key, out State? known))
            {
                known = new State(complete ? key[..^1] : key, complete, memberOf.Length);
                states.Add(key, known);
            }
            state = known;
        }
        places.Clear();
        reached.Clear();
        complete = false;
        return state;
    }

    /// <summary>One state.</summary>
    internal sealed class State(long[] places, bool isComplete, int classes)
    {
        private ulong[]? mask;

        /// <summary>Stands for "no state".</summary>
        public static readonly State Dead = new([], false, 0);

        /// <summary>Stands for "one state or another".</summary>
        public static readonly State Mixed = new([], false, 0);

        /// <summary>The places at which a byte may be taken, each above the number of its stack.</summary>
        public long[] Places { get; } = places;

        /// <summary>True when the text may end here.</summary>
        public bool IsComplete { get; } = isComplete;

        /// <summary>The next state by class of byte; null where it is not known yet.</summary>
        public State?[] Targets { get; } = new State?[classes];

        /// <summary>The tokens that fit, one bit each; null until asked for.</summary>
        public ulong[]? Mask
        {
            get => Volatile.Read(ref mask);
            set => Volatile.Write(ref mask, value);
        }

        /// <summary>The last walk through the vocabulary that came here.</summary>
        public int LastWalk { get; set; }

        /// <summary>What <see cref="GrammarAutomaton.AfterText"/> says of the state; null until asked for.</summary>
        public State? AfterText { get; set; }
    }

    /// <summary>Compares by what the arrays hold.</summary>
    internal sealed class PlacesComparer : IEqualityComparer<long[]>
    {
        public bool Equals(long[]? x, long[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] long[] places)
        {
            HashCode hash = default;
            foreach (long place in places)
                hash.Add(place);
            return hash.ToHashCode();
        }
    }
}
