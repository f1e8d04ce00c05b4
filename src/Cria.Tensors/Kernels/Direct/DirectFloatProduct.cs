using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Float;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>The arguments of one direct product of float weights: two groups of 16 rows × one token × all columns. Assembled code reads it by offset, so the order of fields is fixed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DirectFloatCall
{
    /// <summary>Two groups of rows side by side (<see cref="Quantization.InterleavedRows"/>): for each column sixteen stored values.</summary>
    public byte* First, Second;

    /// <summary>As many readable bytes as both groups have, wanted soon: they are asked for on the way.</summary>
    public byte* Ahead;

    /// <summary>Activations [column, <see cref="FloatKernel.TileTokens"/>], of which the first token is multiplied.</summary>
    public float* X;

    /// <summary>Columns: a multiple of 4.</summary>
    public long Columns;

    /// <summary>32 results, which are added to.</summary>
    public float* Y;
}

/// <summary>
/// The product of one token with float weights that lie side by side, by AVX2, assembled because .NET has no conversion of halves: no panel is written. It computes the bits
/// of <see cref="FloatKernel"/>: for each row the columns in order, <c>y = fma(w, x, y)</c>. Two groups of rows make four chains of multiply-adds, enough to hide one's latency behind memory.
/// </summary>
internal sealed unsafe class DirectFloatProduct
{
    private const int Unroll = 4, XStep = FloatKernel.TileTokens * sizeof(float);

    private readonly delegate* unmanaged[SuppressGCTransition]<DirectFloatCall*, void> entry;

    /// <summary>Assembles the product of F32, F16 or BF16.</summary>
    public DirectFloatProduct(TensorType type) => entry = (delegate* unmanaged[SuppressGCTransition]<DirectFloatCall*, void>)ExecutableMemory.Place(Assemble(type));

    /// <summary>Multiplies 32 rows.</summary>
    public void Run(in DirectFloatCall call)
    {
        fixed (DirectFloatCall* arguments = &call) entry(arguments);
    }

    private static Assembler Assemble(TensorType type)
    {
        int groupBytes = 16 * (type == TensorType.F32 ? 4 : 2);
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, ahead = r9, x = r10, columns = r11, y = rdx;
        AssemblerRegister64[] groups = [rsi, r8];
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Load(groups[0], nameof(DirectFloatCall.First));
        Load(groups[1], nameof(DirectFloatCall.Second));
        Load(ahead, nameof(DirectFloatCall.Ahead));
        Load(x, nameof(DirectFloatCall.X));
        Load(columns, nameof(DirectFloatCall.Columns));
        Load(y, nameof(DirectFloatCall.Y));
        for (int i = 0; i < 4; i++) c.vmovups(Registers.Y[i], __[y + (32 * i)]);
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int line = 0; line < 2 * Unroll * groupBytes; line += 64) c.prefetcht1(__[ahead + line]);
        for (int column = 0; column < Unroll; column++)
        {
            AssemblerRegisterYMM spread = Registers.Y[4 + (column % 2)];
            c.vbroadcastss(spread, __dword_ptr[x + (XStep * column)]);
            for (int i = 0; i < 4; i++)
            {
                AssemblerRegister64 group = groups[i / 2];
                int at = (groupBytes * column) + (groupBytes / 2 * (i % 2));
                AssemblerRegisterYMM weight = Registers.Y[8 + i + (4 * (column % 2))];
                switch (type)
                {
                    case TensorType.F32:
                        c.vfmadd231ps(Registers.Y[i], spread, __ymmword_ptr[group + at]);
                        continue;
                    case TensorType.F16:
                        c.vcvtph2ps(weight, __xmmword_ptr[group + at]);
                        break;
                    default:
                        c.vpmovzxwd(weight, __xmmword_ptr[group + at]);
                        c.vpslld(weight, weight, 16);
                        break;
                }
                c.vfmadd231ps(Registers.Y[i], spread, weight);
            }
        }
        foreach (AssemblerRegister64 group in groups) c.add(group, Unroll * groupBytes);
        c.add(ahead, 2 * Unroll * groupBytes);
        c.add(x, Unroll * XStep);
        c.sub(columns, Unroll);
        c.jnz(loop);
        for (int i = 0; i < 4; i++) c.vmovups(__[y + (32 * i)], Registers.Y[i]);
        Registers.Leave(c);
        return c;

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + (int)Marshal.OffsetOf<DirectFloatCall>(field)]);
    }
}
