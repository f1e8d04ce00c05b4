using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>
/// The tile in 512-bit registers, assembled because .NET has no bfloat16 products and does not keep sixteen sums in registers by itself: two columns of sums
/// for each of 8 rows, two loads of B and eight broadcasts of A a unit.
/// </summary>
internal sealed unsafe class AssembledGemmKernel : GemmKernel
{
    private static readonly nint[] Entries = new nint[4];
    private static readonly Lock Building = new();

    private readonly nint fresh, continued;

    public AssembledGemmKernel(bool brain)
    {
        IsBrain = brain;
        fresh = Entry(brain, accumulate: false);
        continued = Entry(brain, accumulate: true);
    }

    /// <summary>True where the processor multiplies bfloat16 (leaf 7.1, EAX bit 5: AVX512_BF16).</summary>
    public static bool HasBrainProducts { get; } = X86Base.IsSupported && Cpu.Highest >= CpuLevel.Vnni && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    public override bool IsBrain { get; }

    public override void Run(in GemmTile tile, bool accumulate)
    {
        nint entry = accumulate ? continued : fresh;
        fixed (GemmTile* arguments = &tile) ((delegate* unmanaged[SuppressGCTransition]<GemmTile*, void>)entry)(arguments);
    }

    private static nint Entry(bool brain, bool accumulate)
    {
        int index = (brain ? 2 : 0) + (accumulate ? 1 : 0);
        lock (Building)
        {
            if (Entries[index] == 0) Entries[index] = (nint)ExecutableMemory.Place(Assemble(brain, accumulate));
            return Entries[index];
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<GemmTile>(field);

    private static Assembler Assemble(bool brain, bool accumulate)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, low = rsi, high = rdx, row = r8, row3 = r9, unit = r10, b = r11, count = rbx, y = rbp, yStep = r12;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        c.mov(low, __[arguments + Offset(nameof(GemmTile.A))]);
        c.mov(row, __[arguments + Offset(nameof(GemmTile.ARowBytes))]);
        c.mov(unit, __[arguments + Offset(nameof(GemmTile.AUnitBytes))]);
        c.mov(b, __[arguments + Offset(nameof(GemmTile.B))]);
        c.mov(count, __[arguments + Offset(nameof(GemmTile.Count))]);
        c.mov(yStep, __[arguments + Offset(nameof(GemmTile.CRowBytes))]);
        c.lea(row3, __[row + row * 2]);
        c.lea(high, __[low + row * 4]);
        ForEachRow(r =>
        {
            for (int p = 0; p < 2; p++)
            {
                if (accumulate) c.vmovups(Sum(r, p), __[y + 64 * p]);
                else c.vpxord(Sum(r, p), Sum(r, p), Sum(r, p));
            }
        });
        Label loop = c.CreateLabel(), rest = c.CreateLabel(), one = c.CreateLabel(), done = c.CreateLabel();
        c.sub(count, 4);
        c.jl(rest);
        c.Label(ref loop);
        for (int i = 0; i < 4; i++) Unit(i);
        c.add(b, 4 * 128);
        c.sub(count, 4);
        c.jge(loop);
        c.Label(ref rest);
        c.add(count, 4);
        c.jz(done);
        c.Label(ref one);
        Unit(0);
        c.add(b, 128);
        c.dec(count);
        c.jnz(one);
        c.Label(ref done);
        ForEachRow(r =>
        {
            for (int p = 0; p < 2; p++) c.vmovups(__[y + 64 * p], Sum(r, p));
        });
        Registers.Leave(c);
        return c;

        static AssemblerRegisterZMM Sum(int r, int p) => Registers.Z[2 * r + p];

        void Unit(int i)
        {
            // Registers take turns, so that one unit's loads need not wait for the last one's products.
            AssemblerRegisterZMM first = Registers.Z[16 + 2 * (i % 2)], second = Registers.Z[17 + 2 * (i % 2)];
            c.vmovups(first, __[b + 128 * i]);
            c.vmovups(second, __[b + 128 * i + 64]);
            for (int r = 0; r < Rows; r++)
            {
                AssemblerRegisterZMM broadcast = Registers.Z[20 + (i * Rows + r) % 8];
                AssemblerRegister64 pointer = r < 4 ? low : high;
                c.vbroadcastss(broadcast, (r % 4) switch
                {
                    0 => __[pointer],
                    1 => __[pointer + row],
                    2 => __[pointer + row * 2],
                    _ => __[pointer + row3],
                });
                Product(Sum(r, 0), first, broadcast);
                Product(Sum(r, 1), second, broadcast);
            }
            c.add(low, unit);
            c.add(high, unit);
        }

        void Product(AssemblerRegisterZMM sum, AssemblerRegisterZMM left, AssemblerRegisterZMM right)
        {
            if (brain) c.vdpbf16ps(sum, left, right);
            else c.vfmadd231ps(sum, left, right);
        }

        void ForEachRow(Action<int> body)
        {
            c.mov(y, __[arguments + Offset(nameof(GemmTile.C))]);
            for (int r = 0; r < Rows; r++)
            {
                body(r);
                if (r < Rows - 1) c.add(y, yStep);
            }
        }
    }
}
