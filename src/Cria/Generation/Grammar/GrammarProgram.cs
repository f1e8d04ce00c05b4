namespace Cria.Generation.Grammar;

/// <summary>A grammar as instructions for a machine with a stack of return places. Instruction 0 begins.</summary>
/// <param name="code">The instructions.</param>
/// <param name="tables">The next instruction by byte, for each table.</param>
/// <param name="plainStarts">The tables that begin a rule which takes every plain character: all that a JSON string holds without escape.</param>
/// <param name="repeats">The repetitions that stand in the program copy by copy.</param>
/// <param name="marks">The instructions of those copies.</param>
internal sealed class GrammarProgram(
    GrammarProgram.Instruction[] code, int[][] tables, IReadOnlySet<int> plainStarts, IReadOnlyList<RepeatBounds> repeats, IReadOnlyDictionary<int, RepeatMark> marks)
{
    /// <summary>What an instruction does.</summary>
    internal enum Operation : byte
    {
        /// <summary>Takes a byte between <c>Low</c> and <c>High</c>, then goes to <c>A</c>.</summary>
        Range,

        /// <summary>Takes a byte and goes where table <c>A</c> says; -1 there takes none.</summary>
        Table,

        /// <summary>Goes on at both <c>A</c> and <c>B</c>.</summary>
        Split,

        /// <summary>Goes to <c>A</c>.</summary>
        Jump,

        /// <summary>Goes to <c>A</c>, and from its end to <c>B</c>.</summary>
        Call,

        /// <summary>Ends a rule; with nothing to return to, the text may end here.</summary>
        Return,
    }

    /// <summary>The instructions.</summary>
    public Instruction[] Code { get; } = code;

    /// <summary>For each table the next instruction by byte.</summary>
    public int[][] Tables { get; } = tables;

    /// <summary>The repetitions that stand in the program copy by copy.</summary>
    public IReadOnlyList<RepeatBounds> Repeats => repeats;

    /// <summary>The copy of a repetition that the instruction belongs to; null for one that belongs to none.</summary>
    public RepeatMark? Mark(int instruction) => marks.TryGetValue(instruction, out RepeatMark mark) ? mark : null;

    /// <summary>True when the instruction is the beginning of a rule that takes every plain character, and takes it in one way.</summary>
    public bool TakesEveryPlain(int instruction) => plainStarts.Contains(instruction);

    /// <summary>True when the instruction takes a byte that a plain character begins with.</summary>
    public bool TakesPlain(int instruction)
    {
        Instruction at = Code[instruction];
        for (int value = 0x20; value < 256; value++)
        {
            bool takes = at.Operation == Operation.Range ? at.Low <= value && value <= at.High : Tables[at.A][value] >= 0;
            if (takes && value is not ('"' or '\\'))
                return true;
        }
        return false;
    }

    /// <summary>One instruction.</summary>
    internal record struct Instruction(Operation Operation, byte Low, byte High, int A, int B);

    /// <summary>Numbers the bytes by what the instructions can tell apart: bytes of one class lead to the same states everywhere.</summary>
    public (byte[] ClassOf, int Count) Classes()
    {
        bool[] begins = new bool[257];
        begins[0] = true;
        foreach (Instruction instruction in Code)
        {
            if (instruction.Operation == Operation.Range)
                begins[instruction.Low] = begins[instruction.High + 1] = true;
        }
        foreach (int[] table in Tables)
        {
            for (int value = 1; value < 256; value++)
                begins[value] |= table[value] != table[value - 1];
        }
        byte[] classOf = new byte[256];
        int count = 0;
        for (int value = 0; value < 256; value++)
        {
            if (begins[value])
                count++;
            classOf[value] = (byte)(count - 1);
        }
        return (classOf, count);
    }
}
