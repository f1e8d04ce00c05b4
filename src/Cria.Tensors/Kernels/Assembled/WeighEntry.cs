using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>
/// Scores turned into weights in 256-bit registers, the bits of <see cref="AttentionTile.Weigh"/>: a row's 64 scores stay in eight registers and the constants are read from memory. The compiler keeps the
/// constants in registers and moves the scores through memory.
/// </summary>
internal static unsafe class WeighEntry
{
    private const int Vectors = KvLayout.PageSize / 8;

    // 2ˣ as Exponential.Exp2 has it.
    private static readonly float[] Constants = [Exponential.LeastPower, Exponential.Rounder, .. Exponential.Polynomial];

    // Each in eight lanes; lives as long as the code that reads it.
    private static readonly float* Table = Spread();

    private static readonly nint Entry = IsAvailable ? (nint)ExecutableMemory.Place(Assemble()) : 0;

    /// <summary>True where the processor has AVX2 and FMA, and code may be assembled.</summary>
    public static bool IsAvailable => TileEntries.IsAvailable;

    /// <summary>See <see cref="AttentionTile.Weigh"/>.</summary>
    public static void Run(float* scores, int rows, float* maximums, float* sums, float* shrink)
    {
        var call = new WeighCall { Scores = scores, Rows = rows, Maximums = maximums, Sums = sums, Shrink = shrink };
        ((delegate* unmanaged[SuppressGCTransition]<WeighCall*, void>)Entry)(&call);
    }

    private static float* Spread()
    {
        float* table = (float*)NativeMemory.AlignedAlloc((nuint)(Constants.Length * 8 * sizeof(float)), 32);
        for (int i = 0; i < Constants.Length * 8; i++) table[i] = Constants[i / 8];
        return table;
    }

    private static Assembler Assemble()
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, scores = rax, rows = rdx, maximums = r8, sums = r9, shrink = r10, table = rbx;
        AssemblerRegisterYMM larger = ymm8, x = ymm9, shifted = ymm10, power = ymm11, spare = ymm12, factor = ymm13;
        Label row = c.CreateLabel();
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        c.mov(table, (ulong)Table);
        Load(scores, nameof(WeighCall.Scores));
        Load(rows, nameof(WeighCall.Rows));
        Load(maximums, nameof(WeighCall.Maximums));
        Load(sums, nameof(WeighCall.Sums));
        Load(shrink, nameof(WeighCall.Shrink));
        c.Label(ref row);
        for (int i = 0; i < Vectors; i++) c.vmovups(Score(i), __ymmword_ptr[scores + 32 * i]);
        c.vmaxps(larger, Score(0), Score(1));
        c.vmaxps(x, Score(2), Score(3));
        c.vmaxps(shifted, Score(4), Score(5));
        c.vmaxps(power, Score(6), Score(7));
        c.vmaxps(larger, larger, x);
        c.vmaxps(shifted, shifted, power);
        c.vmaxps(larger, larger, shifted);
        c.vextractf128(xmm9, larger, 1);
        c.vmaxps(xmm8, xmm8, xmm9);
        c.vpermilps(xmm9, xmm8, 0b0100_1110);
        c.vmaxps(xmm8, xmm8, xmm9);
        c.vpermilps(xmm9, xmm8, 0b1011_0001);
        c.vmaxps(xmm8, xmm8, xmm9);
        c.vmovss(xmm13, __dword_ptr[maximums]);
        c.vmaxss(xmm8, xmm8, xmm13);
        c.vmovss(__dword_ptr[maximums], xmm8);
        c.vbroadcastss(factor, xmm13);
        c.vbroadcastss(larger, xmm8);
        // The row's own factor takes the same way as its scores: exactly 1 where the maximum stays.
        Power(factor);
        c.vmovss(__dword_ptr[shrink], xmm13);
        for (int i = 0; i < Vectors; i++)
        {
            Power(Score(i));
            c.vmovups(__ymmword_ptr[scores + 32 * i], Score(i));
        }
        for (int half = 0; half < 2; half++)
        {
            // sums · factor + ((s0 + s1) + (s2 + s3)), sixteen lanes being two registers.
            c.vaddps(Score(half), Score(half), Score(2 + half));
            c.vaddps(Score(4 + half), Score(4 + half), Score(6 + half));
            c.vaddps(Score(half), Score(half), Score(4 + half));
        }
        c.vbroadcastss(factor, xmm13);
        for (int half = 0; half < 2; half++)
        {
            c.vmulps(x, factor, __ymmword_ptr[sums + 32 * half]);
            c.vaddps(x, x, Score(half));
            c.vmovups(__ymmword_ptr[sums + 32 * half], x);
        }
        c.add(scores, KvLayout.PageSize * sizeof(float));
        c.add(maximums, sizeof(float));
        c.add(sums, 16 * sizeof(float));
        c.add(shrink, sizeof(float));
        c.dec(rows);
        c.jnz(row);
        Registers.Leave(c);
        return c;

        // value := 2^(value − larger).
        void Power(AssemblerRegisterYMM value)
        {
            c.vsubps(x, value, larger);
            c.vmaxps(x, x, Constant(0));
            c.vaddps(shifted, x, Constant(1));
            c.vsubps(spare, shifted, Constant(1));
            c.vsubps(x, x, spare);
            c.vmovaps(power, Constant(2));
            for (int i = 3; i < Constants.Length; i++) c.vfmadd213ps(power, x, Constant(i));
            c.vpslld(shifted, shifted, 23);
            c.vpaddd(value, power, shifted);
        }

        static AssemblerRegisterYMM Score(int i) => Registers.Y[i];

        AssemblerMemoryOperand Constant(int i) => __ymmword_ptr[table + 32 * i];

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + (int)Marshal.OffsetOf<WeighCall>(field)]);
    }
}
