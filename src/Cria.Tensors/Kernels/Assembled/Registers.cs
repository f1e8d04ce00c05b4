using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Register files by number, and what a calling convention wants kept.</summary>
internal static class Registers
{
    /// <summary>zmm0 … zmm31.</summary>
    public static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    /// <summary>xmm0 … xmm15.</summary>
    public static readonly AssemblerRegisterXMM[] X = [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>ymm0 … ymm15.</summary>
    public static readonly AssemblerRegisterYMM[] Y = [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];

    private static readonly AssemblerRegisterXMM[] WindowsKept = [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>The register of the first argument.</summary>
    public static AssemblerRegister64 FirstArgument => OperatingSystem.IsWindows() ? rcx : rdi;

    /// <summary>General registers a caller expects back: those of System V, and on Windows rsi and rdi too.</summary>
    private static AssemblerRegister64[] Kept => OperatingSystem.IsWindows() ? [rbx, rbp, r12, r13, r14, rsi, rdi] : [rbx, rbp, r12, r13, r14];

    /// <summary>Saves what the kernel may change: rbx, rbp, r12, r13, r14 and, on Windows, rsi, rdi and the lower halves of xmm6 … xmm15.</summary>
    public static void Enter(Assembler c)
    {
        foreach (AssemblerRegister64 register in Kept) c.push(register);
        if (!OperatingSystem.IsWindows()) return;
        c.sub(rsp, 16 * WindowsKept.Length);
        for (int i = 0; i < WindowsKept.Length; i++) c.movups(__[rsp + 16 * i], WindowsKept[i]);
    }

    /// <summary>Brings the largest of 16 lanes of a register, one of the first sixteen, into its lowest.</summary>
    public static void LargestLane(Assembler c, int register, int spare)
    {
        c.vextractf64x4(Y[spare], Z[register], 1);
        c.vmaxps(Y[register], Y[register], Y[spare]);
        c.vextractf128(X[spare], Y[register], 1);
        c.vmaxps(X[register], X[register], X[spare]);
        c.vpermilps(X[spare], X[register], 0b0100_1110);
        c.vmaxps(X[register], X[register], X[spare]);
        c.vpermilps(X[spare], X[register], 0b1011_0001);
        c.vmaxps(X[register], X[register], X[spare]);
    }

    /// <summary>Undoes <see cref="Enter"/> and returns.</summary>
    public static void Leave(Assembler c)
    {
        c.vzeroupper();
        if (OperatingSystem.IsWindows())
        {
            for (int i = 0; i < WindowsKept.Length; i++) c.movups(WindowsKept[i], __[rsp + 16 * i]);
            c.add(rsp, 16 * WindowsKept.Length);
        }
        foreach (AssemblerRegister64 register in Kept.Reverse()) c.pop(register);
        c.ret();
    }
}
