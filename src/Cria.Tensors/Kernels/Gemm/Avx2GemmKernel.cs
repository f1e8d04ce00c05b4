using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>
/// The float tile in 256-bit registers, 4 rows × 16 columns at a time: eight sums, two loads of B and four broadcasts of A a unit. Assembled because .NET loads a float and
/// then spreads it, two instructions for one, and moves every sum once more: a third of the speed.
/// </summary>
internal sealed unsafe class Avx2GemmKernel : GemmKernel
{
    private const int SquareRows = 4, SquareColumns = 16, UnitBytes = Columns * sizeof(float);

    private static readonly Lazy<nint> Fresh = new(() => (nint)ExecutableMemory.Place(Assemble(accumulate: false))), Continued = new(() => (nint)ExecutableMemory.Place(Assemble(accumulate: true)));

    private readonly nint fresh = Fresh.Value, continued = Continued.Value;

    public override void Run(in GemmTile tile, bool accumulate)
    {
        nint entry = accumulate ? continued : fresh;
        fixed (GemmTile* arguments = &tile) ((delegate* unmanaged[SuppressGCTransition]<GemmTile*, void>)entry)(arguments);
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<GemmTile>(field);

    private static Assembler Assemble(bool accumulate)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, a = rsi, row = r8, row3 = r9, unit = r10, b = r11, count = rbx, y = rbp, yStep = r12, yStep3 = r13;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        c.mov(row, __[arguments + Offset(nameof(GemmTile.ARowBytes))]);
        c.mov(unit, __[arguments + Offset(nameof(GemmTile.AUnitBytes))]);
        c.mov(yStep, __[arguments + Offset(nameof(GemmTile.CRowBytes))]);
        c.lea(row3, __[row + row * 2]);
        c.lea(yStep3, __[yStep + yStep * 2]);
        for (int top = 0; top < Rows; top += SquareRows)
        {
            for (int left = 0; left < Columns; left += SquareColumns) Square(top, left);
        }
        Registers.Leave(c);
        return c;

        void Square(int top, int left)
        {
            c.mov(a, __[arguments + Offset(nameof(GemmTile.A))]);
            c.mov(b, __[arguments + Offset(nameof(GemmTile.B))]);
            c.mov(count, __[arguments + Offset(nameof(GemmTile.Count))]);
            c.mov(y, __[arguments + Offset(nameof(GemmTile.C))]);
            if (top > 0)
            {
                c.lea(a, __[a + row * 4]);
                c.lea(y, __[y + yStep * 4]);
            }
            if (left > 0)
            {
                c.add(b, left * sizeof(float));
                c.add(y, left * sizeof(float));
            }
            for (int i = 0; i < 2 * SquareRows; i++)
            {
                if (accumulate) c.vmovups(Registers.Y[i], Place(i));
                else c.vxorps(Registers.Y[i], Registers.Y[i], Registers.Y[i]);
            }
            Label loop = c.CreateLabel(), rest = c.CreateLabel(), one = c.CreateLabel(), done = c.CreateLabel();
            c.sub(count, 4);
            c.jl(rest);
            c.Label(ref loop);
            for (int i = 0; i < 4; i++) Unit(i);
            c.add(b, 4 * UnitBytes);
            c.sub(count, 4);
            c.jge(loop);
            c.Label(ref rest);
            c.add(count, 4);
            c.jz(done);
            c.Label(ref one);
            Unit(0);
            c.add(b, UnitBytes);
            c.dec(count);
            c.jnz(one);
            c.Label(ref done);
            for (int i = 0; i < 2 * SquareRows; i++) c.vmovups(Place(i), Registers.Y[i]);
        }

        AssemblerMemoryOperand Place(int sum) => (sum / 2) switch
        {
            0 => __[y + 32 * (sum % 2)],
            1 => __[y + yStep + 32 * (sum % 2)],
            2 => __[y + yStep * 2 + 32 * (sum % 2)],
            _ => __[y + yStep3 + 32 * (sum % 2)],
        };

        void Unit(int i)
        {
            // Registers take turns, so that one unit's loads need not wait for the last one's products.
            AssemblerRegisterYMM first = Registers.Y[8 + 2 * (i % 2)], second = Registers.Y[9 + 2 * (i % 2)];
            c.vmovups(first, __[b + UnitBytes * i]);
            c.vmovups(second, __[b + UnitBytes * i + 32]);
            for (int r = 0; r < SquareRows; r++)
            {
                c.vbroadcastss(Registers.Y[12 + r], r switch
                {
                    0 => __[a],
                    1 => __[a + row],
                    2 => __[a + row * 2],
                    _ => __[a + row3],
                });
                c.vfmadd231ps(Registers.Y[2 * r], first, Registers.Y[12 + r]);
                c.vfmadd231ps(Registers.Y[2 * r + 1], second, Registers.Y[12 + r]);
            }
            c.add(a, unit);
        }
    }
}
