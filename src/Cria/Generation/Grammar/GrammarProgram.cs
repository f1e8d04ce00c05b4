namespace Cria.Generation.Grammar;

/// <summary>A grammar as instructions for a machine with a stack of return places. Instruction 0 begins.</summary>
internal sealed class GrammarProgram(GrammarProgram.Instruction[] code, int[][] tables)
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
