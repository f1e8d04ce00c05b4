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
    private readonly Dictionary<(int Return, int Below), int> stackOf = [];

    private readonly HashSet<long> reached = [];
    private readonly Stack<(int Place, int Stack)> open = new();
    private readonly List<long> places = [];
    private bool complete;

    /// <summary>Prepares the first state.</summary>
    /// <exception cref="CriaException">A rule begins with itself.</exception>
    public GrammarAutomaton(GrammarProgram program)
    {
        this.program = program;
        (classOf, int count) = program.Classes();
        memberOf = new byte[count];
        for (int value = 255; value >= 0; value--)
            memberOf[classOf[value]] = (byte)value;
        Follow(0, 0);
        Start = Finish();
    }

    /// <summary>The state before any text.</summary>
    public State Start { get; }

    /// <summary>True when so many states have been made that a fresh automaton should take over.</summary>
    public bool IsFull => states.Count > ManyStates;

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

        /// <summary>What <see cref="GrammarAutomaton.AfterText"/> says of the state; null until asked for.</summary>
        public State? AfterText { get; set; }
    }

    private sealed class PlacesComparer : IEqualityComparer<long[]>
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
