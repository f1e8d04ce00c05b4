using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>IEEE halves to floats by the processor's own instruction (F16C), which .NET does not offer: two instructions for eight values instead of eight. The same values as <see cref="Lanes.HalfBits"/>.</summary>
internal static unsafe class HalfReader
{
    /// <summary>Halves converted at a time; a count must be a multiple.</summary>
    public const int Step = 32;

    /// <summary>True where the processor has the instruction (leaf 1, ECX bit 29) and code may be assembled.</summary>
    public static bool IsAvailable { get; } = Avx2.IsSupported && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0 && ExecutableMemory.IsAvailable;

    private static readonly nint Entry = IsAvailable ? (nint)ExecutableMemory.Place(Assemble()) : 0;

    /// <summary>Converts <paramref name="count"/> halves, a multiple of <see cref="Step"/>.</summary>
    public static void Read(ushort* source, float* target, int count)
    {
        var call = new Call { Source = source, Target = target, Steps = count / Step };
        ((delegate* unmanaged[SuppressGCTransition]<Call*, void>)Entry)(&call);
    }

    private static Assembler Assemble()
    {
        var c = new Assembler(64);
        // Registers and xmm0 … xmm3 that no calling convention wants kept.
        c.mov(rax, __[Registers.FirstArgument + Offset(nameof(Call.Source))]);
        c.mov(rdx, __[Registers.FirstArgument + Offset(nameof(Call.Target))]);
        c.mov(r8, __[Registers.FirstArgument + Offset(nameof(Call.Steps))]);
        Label loop = c.CreateLabel();
        AssemblerRegisterYMM[] values = [ymm0, ymm1, ymm2, ymm3];
        c.Label(ref loop);
        for (int i = 0; i < 4; i++) c.vcvtph2ps(values[i], __xmmword_ptr[rax + 16 * i]);
        for (int i = 0; i < 4; i++) c.vmovups(__ymmword_ptr[rdx + 32 * i], values[i]);
        c.add(rax, 2 * Step);
        c.add(rdx, 4 * Step);
        c.dec(r8);
        c.jnz(loop);
        c.vzeroupper();
        c.ret();
        return c;
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<Call>(field);

    [StructLayout(LayoutKind.Sequential)]
    private struct Call
    {
        public ushort* Source;
        public float* Target;
        public long Steps;
    }
}
