using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary><see cref="WeighEntry"/> in 512-bit registers, of which there are enough for the constants, too.</summary>
internal static unsafe class WeighEntry512
{
    private const int Vectors = KvLayout.PageSize / 16;

    private static readonly nint Entry = IsAvailable ? (nint)ExecutableMemory.Place(Assemble()) : 0;

    /// <summary>True where the processor has AVX-512, and code may be assembled.</summary>
    public static bool IsAvailable => TileEntries.Has(TileForm.Avx512);

    /// <summary>See <see cref="AttentionTile.Weigh"/>.</summary>
    public static void Run(float* scores, int rows, float* maximums, float* sums, float* shrink)
    {
        var call = new WeighCall { Scores = scores, Rows = rows, Maximums = maximums, Sums = sums, Shrink = shrink };
        ((delegate* unmanaged[SuppressGCTransition]<WeighCall*, void>)Entry)(&call);
    }

    private static Assembler Assemble()
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, scores = rdi, rows = rdx, maximums = r8, sums = r9, shrink = r10, at = rbx, left = rax;
        AssemblerRegisterZMM larger = zmm16, factor = zmm17;
        // 2ˣ as Exponential.Exp2 has it.
        float[] constants = [Exponential.LeastPower, Exponential.Rounder, .. Exponential.Polynomial];
        Label row = c.CreateLabel(), weigh = c.CreateLabel();
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Load(rows, nameof(WeighCall.Rows));
        Load(maximums, nameof(WeighCall.Maximums));
        Load(sums, nameof(WeighCall.Sums));
        Load(shrink, nameof(WeighCall.Shrink));
        Load(scores, nameof(WeighCall.Scores));
        for (int i = 0; i < constants.Length; i++)
        {
            c.mov(eax, BitConverter.SingleToUInt32Bits(constants[i]));
            c.vpbroadcastd(Constant(i), eax);
        }
        // First the maximums of all rows, since each has to wait for its own; then the weights.
        c.mov(at, scores);
        c.xor(eax, eax);
        c.Label(ref row);
        c.vmovups(zmm0, __zmmword_ptr[at]);
        c.vmovups(zmm1, __zmmword_ptr[at + 64]);
        c.vmaxps(zmm0, zmm0, __zmmword_ptr[at + 128]);
        c.vmaxps(zmm1, zmm1, __zmmword_ptr[at + 192]);
        c.vmaxps(zmm0, zmm0, zmm1);
        Registers.LargestLane(c, 0, 1);
        c.vmovss(xmm2, __dword_ptr[maximums + left * 4]);
        c.vmaxss(xmm0, xmm0, xmm2);
        c.vmovss(__dword_ptr[maximums + left * 4], xmm0);
        c.vsubss(xmm2, xmm2, xmm0);
        c.vmovss(__dword_ptr[shrink + left * 4], xmm2);
        c.add(at, KvLayout.PageSize * sizeof(float));
        c.inc(left);
        c.cmp(left, rows);
        c.jne(row);
        // The rows' own factors take the same way as their scores: exactly 1 where the maximum stays.
        c.mov(ecx, -1);
        c.bzhi(ecx, ecx, edx);
        c.kmovw(k1, ecx);
        c.vmovups(X(0).k1.z, __zmmword_ptr[shrink]);
        Power(1);
        c.vmovups(__zmmword_ptr[shrink].k1, X(0));
        c.Label(ref weigh);
        c.vbroadcastss(larger, __dword_ptr[maximums]);
        for (int i = 0; i < Vectors; i++) c.vmovups(X(i), __zmmword_ptr[scores + 64 * i]);
        for (int i = 0; i < Vectors; i++) c.vsubps(X(i), X(i), larger);
        Power(Vectors);
        for (int i = 0; i < Vectors; i++) c.vmovups(__zmmword_ptr[scores + 64 * i], X(i));
        // sums · factor + ((s0 + s1) + (s2 + s3)).
        c.vbroadcastss(factor, __dword_ptr[shrink]);
        c.vaddps(X(0), X(0), X(1));
        c.vaddps(X(2), X(2), X(3));
        c.vaddps(X(0), X(0), X(2));
        c.vmulps(factor, factor, __zmmword_ptr[sums]);
        c.vaddps(factor, factor, X(0));
        c.vmovups(__zmmword_ptr[sums], factor);
        c.add(scores, KvLayout.PageSize * sizeof(float));
        c.add(maximums, sizeof(float));
        c.add(sums, 16 * sizeof(float));
        c.add(shrink, sizeof(float));
        c.dec(rows);
        c.jnz(weigh);
        Registers.Leave(c);
        return c;

        // x := 2ˣ, of several vectors at the same pace: the processor looks ahead too little to find what does not depend on one another.
        void Power(int vectors)
        {
            ForEach(i => c.vmaxps(X(i), X(i), Constant(0)));
            ForEach(i => c.vaddps(Shifted(i), X(i), Constant(1)));
            ForEach(i => c.vsubps(Sum(i), Shifted(i), Constant(1)));
            ForEach(i => c.vsubps(X(i), X(i), Sum(i)));
            ForEach(i => c.vmovaps(Sum(i), Constant(2)));
            for (int term = 3; term < constants.Length; term++) ForEach(i => c.vfmadd213ps(Sum(i), X(i), Constant(term)));
            ForEach(i => c.vpslld(Shifted(i), Shifted(i), 23));
            ForEach(i => c.vpaddd(X(i), Sum(i), Shifted(i)));

            void ForEach(Action<int> emit)
            {
                for (int i = 0; i < vectors; i++) emit(i);
            }
        }

        static AssemblerRegisterZMM X(int i) => Registers.Z[i];

        static AssemblerRegisterZMM Shifted(int i) => Registers.Z[4 + i];

        static AssemblerRegisterZMM Sum(int i) => Registers.Z[8 + i];

        static AssemblerRegisterZMM Constant(int i) => Registers.Z[18 + i];

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + (int)Marshal.OffsetOf<WeighCall>(field)]);
    }
}
