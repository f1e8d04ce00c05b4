using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>Turns expressions into a <see cref="GrammarProgram"/>.</summary>
internal sealed class GrammarBuilder
{
    private const int MostInstructions = 1 << 22;
    private const int LargestCopied = 2;

    private readonly List<GrammarProgram.Instruction> code = [];
    private readonly List<int[]> tables = [];
    private readonly Dictionary<Expression.Rule, int> ruleStarts = [];
    private readonly Queue<Expression.Rule> open = new();
    private readonly List<(int Instruction, Expression.Rule Rule)> calls = [];
    private readonly Dictionary<(CharacterSet Set, bool Quoted), int> setStarts = [];
    private readonly HashSet<int> plainStarts = [];
    private readonly HashSet<Expression.Rule> productive = [];
    private readonly HashSet<Expression.Rule> nullable = [];
    private readonly List<RepeatBounds> repeats = [];
    private readonly Dictionary<int, RepeatMark> marks = [];

    // The table that takes no byte.
    private readonly int closed;

    private GrammarBuilder() => closed = AddTable();

    /// <summary>Compiles what a text as a whole may look like.</summary>
    /// <exception cref="CriaException">No text satisfies the expression, a rule begins with itself, or the program would be too large.</exception>
    public static GrammarProgram Build(Expression start)
    {
        GrammarBuilder builder = new();
        builder.FindRules(start);
        if (!builder.CanEnd(start))
            throw new CriaException("no text can satisfy the grammar: it contradicts itself or recurs without end; loosen it");
        Expression.Rule first = new("start") { Body = start };
        builder.productive.Add(first);
        builder.ruleStarts.Add(first, -1);
        builder.open.Enqueue(first);
        while (builder.open.TryDequeue(out Expression.Rule? rule))
        {
            builder.ruleStarts[rule] = builder.code.Count;
            builder.Emit(rule.Body!);
            builder.Add(GrammarProgram.Operation.Return);
        }
        foreach ((int instruction, Expression.Rule rule) in builder.calls)
            builder.code[instruction] = builder.code[instruction] with { A = builder.ruleStarts[rule] };
        return new GrammarProgram([.. builder.code], [.. builder.tables], builder.plainStarts, builder.repeats, builder.marks);
    }

    /// <summary>Finds the rules that some text satisfies, so that no generation enters one it can never leave, and those that the empty text satisfies.</summary>
    private void FindRules(Expression start)
    {
        HashSet<Expression.Rule> rules = [];
        Stack<Expression> walk = new([start]);
        while (walk.TryPop(out Expression? expression))
        {
            switch (expression)
            {
                case Expression.Sequence(IReadOnlyList<Expression> items): Push(items); break;
                case Expression.Choice(IReadOnlyList<Expression> items): Push(items); break;
                case Expression.Repeat(Expression item, _, _): walk.Push(item); break;
                case Expression.Rule rule when rules.Add(rule): walk.Push(rule.Body!); break;
            }
        }
        Grow(productive, rules, CanEnd);
        Grow(nullable, rules, IsNullable);

        void Push(IReadOnlyList<Expression> items)
        {
            foreach (Expression item in items)
                walk.Push(item);
        }
    }

    /// <summary>Adds the rules of which something is true, as long as that makes it true of more of them.</summary>
    private static void Grow(HashSet<Expression.Rule> known, HashSet<Expression.Rule> rules, Predicate<Expression> isTrue)
    {
        int before;
        do
        {
            before = known.Count;
            foreach (Expression.Rule rule in rules)
            {
                if (!known.Contains(rule) && isTrue(rule.Body!))
                    known.Add(rule);
            }
        }
        while (known.Count > before);
    }

    private bool CanEnd(Expression expression) => expression switch
    {
        Expression.Character(CharacterSet set) => !set.IsEmpty,
        Expression.Sequence(IReadOnlyList<Expression> items) => items.All(CanEnd),
        Expression.Choice(IReadOnlyList<Expression> items) => items.Any(CanEnd),
        Expression.Repeat(Expression item, int least, _) => least == 0 || CanEnd(item),
        Expression.Automaton(CharacterAutomaton automaton, _) => !automaton.IsEmpty,
        Expression.Rule rule => productive.Contains(rule),
        _ => true,
    };

    /// <summary>Emits code that goes on at the instruction behind it.</summary>
    private void Emit(Expression expression)
    {
        switch (expression)
        {
            case Expression.Literal(byte[] bytes):
                foreach (byte value in bytes)
                    Add(GrammarProgram.Operation.Range, value, value, code.Count + 1);
                break;
            case Expression.Character(CharacterSet set):
                EmitSet(set, quoted: false);
                break;
            case Expression.Sequence(IReadOnlyList<Expression> items):
                foreach (Expression item in items)
                    Emit(item);
                break;
            case Expression.Choice(IReadOnlyList<Expression> items):
                EmitChoice([.. items.Where(CanEnd)]);
                break;
            case Expression.Repeat(Expression item, int least, var most):
                EmitRepeat(item, least, most);
                break;
            case Expression.Automaton(CharacterAutomaton automaton, bool quoted):
                EmitAutomaton(automaton, quoted);
                break;
            case Expression.Rule rule:
                if (ruleStarts.TryAdd(rule, -1))
                    open.Enqueue(rule);
                calls.Add((code.Count, rule));
                Add(GrammarProgram.Operation.Call, b: code.Count + 1);
                break;
        }
    }

    private void EmitChoice(IReadOnlyList<Expression> items)
    {
        List<int> ends = [];
        for (int i = 0; i < items.Count; i++)
        {
            int split = code.Count;
            if (i + 1 < items.Count)
                Add(GrammarProgram.Operation.Split, a: split + 1);
            Emit(items[i]);
            if (i + 1 < items.Count)
            {
                ends.Add(code.Count);
                Add(GrammarProgram.Operation.Jump);
                code[split] = code[split] with { B = code.Count };
            }
        }
        foreach (int end in ends)
            code[end] = code[end] with { A = code.Count };
    }

    private void EmitRepeat(Expression item, int least, int? most)
    {
        if (!CanEnd(item))
            return;
        int repeat = AddRepeat(item, least, most);
        if ((least > 1 || most > 1) && !IsSmall(item))
            item = new Expression.Rule("repeated") { Body = item };
        if (item is Expression.Rule rule)
            productive.Add(rule);
        for (int i = 0; i < least; i++)
        {
            Emit(item);
            MarkCopy(item, repeat, i);
        }
        if (most is null)
        {
            int split = code.Count;
            Add(GrammarProgram.Operation.Split, a: split + 1);
            Emit(item);
            Add(GrammarProgram.Operation.Jump, a: split);
            code[split] = code[split] with { B = code.Count };
            return;
        }
        List<int> exits = [];
        for (int i = least; i < most; i++)
        {
            exits.Add(code.Count);
            if (repeat >= 0)
                marks.Add(code.Count, new RepeatMark(repeat, i, 0));
            Add(GrammarProgram.Operation.Split, a: code.Count + 1);
            Emit(item);
            MarkCopy(item, repeat, i);
        }
        foreach (int exit in exits)
            code[exit] = code[exit] with { B = code.Count };
    }

    /// <summary>
    /// A number for a repetition whose copies will be marked; -1 where they cannot. What may be empty could be passed without a trace of it in any state,
    /// so that nobody could tell how many copies were.
    /// </summary>
    private int AddRepeat(Expression item, int least, int? most)
    {
        if (Math.Max(least, most ?? 0) < 2 || IsNullable(item))
            return -1;
        repeats.Add(new RepeatBounds(least, most));
        return repeats.Count - 1;
    }

    /// <summary>Marks the copy just emitted: the instructions at its end, which are alike in all copies. (Before them the first may hold the rule of a set of characters.)</summary>
    private void MarkCopy(Expression item, int repeat, int copy)
    {
        if (repeat < 0)
            return;
        int parts = item is Expression.Literal(byte[] bytes) ? bytes.Length : 1;
        for (int part = 1; part <= parts; part++)
            marks.Add(code.Count - part, new RepeatMark(repeat, copy, part));
    }

    private bool IsNullable(Expression expression) => expression switch
    {
        Expression.Character => false,
        Expression.Literal(byte[] bytes) => bytes.Length == 0,
        Expression.Sequence(IReadOnlyList<Expression> items) => items.All(item => IsNullable(item)),
        Expression.Choice(IReadOnlyList<Expression> items) => items.Any(item => IsNullable(item)),
        Expression.Repeat(Expression item, int least, _) => least == 0 || IsNullable(item),
        Expression.Automaton(CharacterAutomaton automaton, _) => automaton.Accepts(0),
        Expression.Rule rule => nullable.Contains(rule),
        _ => true,
    };

    private static bool IsSmall(Expression item) => item is Expression.Rule or Expression.Character || (item is Expression.Literal literal && literal.Bytes.Length <= LargestCopied);

    private void EmitAutomaton(CharacterAutomaton automaton, bool quoted)
    {
        int[] starts = new int[automaton.Count];
        List<(int Instruction, int State)> jumps = [];
        List<int> exits = [];
        for (int state = 0; state < automaton.Count; state++)
        {
            starts[state] = code.Count;
            foreach ((CharacterSet set, int target) in automaton.Edges(state))
            {
                int split = code.Count;
                Add(GrammarProgram.Operation.Split, a: split + 1);
                EmitSet(set, quoted);
                jumps.Add((code.Count, target));
                Add(GrammarProgram.Operation.Jump);
                code[split] = code[split] with { B = code.Count };
            }
            // Behind the last edge the text may end, or this way is closed.
            if (automaton.Accepts(state))
            {
                exits.Add(code.Count);
                Add(GrammarProgram.Operation.Jump);
            }
            else
            {
                Add(GrammarProgram.Operation.Table, a: closed);
            }
        }
        foreach ((int instruction, int state) in jumps)
            code[instruction] = code[instruction] with { A = starts[state] };
        foreach (int exit in exits)
            code[exit] = code[exit] with { A = code.Count };
    }

    private void EmitSet(CharacterSet set, bool quoted)
    {
        ReadOnlySpan<(int First, int Last)> ranges = set.Ranges;
        if (ranges.Length == 1 && set.IsAscii && (!quoted || set.Intersect(JsonText.Escaped).IsEmpty))
        {
            Add(GrammarProgram.Operation.Range, (byte)ranges[0].First, (byte)ranges[0].Last, code.Count + 1);
            return;
        }
        if (!setStarts.TryGetValue((set, quoted), out int start))
        {
            int jump = code.Count;
            Add(GrammarProgram.Operation.Jump);
            start = EmitSetRule(set, quoted);
            setStarts.Add((set, quoted), start);
            if (JsonText.Plain.Intersect(set).Equals(JsonText.Plain))
                plainStarts.Add(start);
            code[jump] = code[jump] with { A = code.Count };
        }
        Add(GrammarProgram.Operation.Call, a: start, b: code.Count + 1);
    }

    /// <summary>Emits the bytes of a set's characters as a rule: tables that decide byte by byte. Returns its beginning.</summary>
    private int EmitSetRule(CharacterSet set, bool quoted)
    {
        int end = code.Count;
        Add(GrammarProgram.Operation.Return);
        CharacterSet plain = quoted ? set.Intersect(JsonText.Plain) : set;
        int[] first = new int[256];
        Array.Fill(first, -1);
        Utf8Tables utf8 = new(this, plain, end);
        utf8.Fill(first);
        if (quoted)
            FillEscapes(set.Intersect(JsonText.Escaped), first, end);
        int start = code.Count;
        Add(GrammarProgram.Operation.Table, a: AddTable(first));
        return start;
    }

    /// <summary>Adds JSON's escapes of the given characters: a tree of tables by the escapes' bytes.</summary>
    private void FillEscapes(CharacterSet escaped, int[] first, int end)
    {
        Dictionary<string, int[]> nodes = new(StringComparer.Ordinal) { [""] = first };
        foreach ((int from, int to) in escaped.Ranges)
        {
            for (int value = from; value <= to; value++)
            {
                string escape = JsonText.Escape((char)value);
                for (int length = 1; length <= escape.Length; length++)
                {
                    int[] parent = nodes[escape[..(length - 1)]];
                    if (length == escape.Length)
                    {
                        parent[escape[^1]] = end;
                    }
                    else if (!nodes.ContainsKey(escape[..length]))
                    {
                        int[] node = new int[256];
                        Array.Fill(node, -1);
                        nodes.Add(escape[..length], node);
                        parent[escape[length - 1]] = code.Count;
                        Add(GrammarProgram.Operation.Table, a: AddTable(node));
                    }
                }
            }
        }
    }

    private int AddTable(int[]? table = null)
    {
        if (table is null)
        {
            table = new int[256];
            Array.Fill(table, -1);
        }
        tables.Add(table);
        return tables.Count - 1;
    }

    private void Add(GrammarProgram.Operation operation, byte low = 0, byte high = 0, int a = -1, int b = -1)
    {
        if (code.Count >= MostInstructions)
            throw new CriaException("the grammar is too large; make its repetitions, lengths or alternatives fewer");
        code.Add(new GrammarProgram.Instruction(operation, low, high, a, b));
    }

    /// <summary>The tables behind the first byte of UTF-8, shared where they are equal.</summary>
    private sealed class Utf8Tables(GrammarBuilder builder, CharacterSet set, int end)
    {
        private readonly Dictionary<ulong, int> lastByte = [];
        private readonly Dictionary<string, int> middle = [];
        private int range;

        /// <summary>Fills the table of first bytes.</summary>
        public void Fill(int[] first)
        {
            for (int value = 0; value < 0x80; value += 64)
            {
                ulong members = Block(value);
                for (int bit = 0; bit < 64; bit++)
                    first[value + bit] = (members >> bit & 1) != 0 ? end : first[value + bit];
            }
            for (int lead = 0xC2; lead < 0xE0; lead++)
                first[lead] = Last(Block((lead & 0x1F) << 6));
            for (int lead = 0xE0; lead < 0xF0; lead++)
                first[lead] = Middle((lead & 0x0F) << 12, lead == 0xE0 ? 0x20 : 0);
            for (int lead = 0xF0; lead < 0xF5; lead++)
                first[lead] = Upper((lead & 0x07) << 18, lead == 0xF0 ? 0x10 : 0);
        }

        private int Upper(int from, int least)
        {
            int[] next = new int[64];
            for (int i = 0; i < 64; i++)
                next[i] = i < least || from + (i << 12) > 0x10FFFF ? -1 : Middle(from + (i << 12), 0);
            return Node(next);
        }

        private int Middle(int from, int least)
        {
            int[] next = new int[64];
            for (int i = 0; i < 64; i++)
                next[i] = i < least ? -1 : Last(Block(from + (i << 6)));
            return Node(next);
        }

        private int Last(ulong members)
        {
            if (members == 0)
                return -1;
            if (!lastByte.TryGetValue(members, out int instruction))
            {
                int[] next = new int[64];
                for (int bit = 0; bit < 64; bit++)
                    next[bit] = (members >> bit & 1) != 0 ? end : -1;
                instruction = Node(next);
                lastByte.Add(members, instruction);
            }
            return instruction;
        }

        private int Node(int[] next)
        {
            if (next.All(target => target < 0))
                return -1;
            string key = string.Join(',', next);
            if (!middle.TryGetValue(key, out int instruction))
            {
                int[] table = new int[256];
                Array.Fill(table, -1);
                next.CopyTo(table, 0x80);
                instruction = builder.code.Count;
                builder.Add(GrammarProgram.Operation.Table, a: builder.AddTable(table));
                middle.Add(key, instruction);
            }
            return instruction;
        }

        /// <summary>The members among the 64 characters from <paramref name="from"/> on, as bits. Calls come in rising order.</summary>
        private ulong Block(int from)
        {
            ReadOnlySpan<(int First, int Last)> ranges = set.Ranges;
            while (range < ranges.Length && ranges[range].Last < from)
                range++;
            ulong members = 0;
            for (int i = range; i < ranges.Length && ranges[i].First < from + 64; i++)
            {
                int low = Math.Max(ranges[i].First, from) - from;
                int high = Math.Min(ranges[i].Last, from + 63) - from;
                members |= (ulong.MaxValue >> (63 - (high - low))) << low;
            }
            return members;
        }
    }
}
