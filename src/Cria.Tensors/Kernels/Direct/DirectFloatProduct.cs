using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Float;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>The arguments of one direct product of float weights: two groups of 16 rows × one to <see cref="DirectFloatProduct.MostTokens"/> tokens × all columns. Assembled code reads it by offset, so the order of fields is fixed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DirectFloatCall
{
    /// <summary>Two groups of rows side by side (<see cref="Quantization.InterleavedRows"/>): for each column sixteen stored values.</summary>
    public byte* First, Second;

    /// <summary>As many readable bytes as both groups have, wanted soon: they are asked for on the way where rows are read for further tokens.</summary>
    public byte* Ahead;

    /// <summary>Activations [column, <see cref="FloatKernel.TileTokens"/>], of which the first tokens are multiplied.</summary>
    public float* X;

    /// <summary>Columns: a multiple of 4.</summary>
    public long Columns;

    /// <summary>32 results of the first token, which are added to.</summary>
    public float* Y;

    /// <summary>Bytes from one token's results to the next one's.</summary>
    public long YTokenBytes;
}

/// <summary>
/// The product of few tokens with float weights that lie side by side, by AVX2, assembled because .NET has no conversion of halves: no panel is written. It computes the bits
/// of <see cref="FloatKernel"/>: for each row the columns in order, <c>y = fma(w, x, y)</c>. Two groups of rows make four chains of multiply-adds a token, enough to hide one's latency behind memory; so do further tokens, for which weights are read and converted once.
/// </summary>
internal sealed unsafe class DirectFloatProduct
{
    private const int Unroll = 4, XStep = FloatKernel.TileTokens * sizeof(float);

    /// <summary>Most tokens of a call: four sums and an activation each, and a weight, are all registers there are.</summary>
    public const int MostTokens = 3;

    /// <summary>How far before its use a stream that is read once is asked for, past the second-level cache.</summary>
    private const int NearBytes = 1024;

    private readonly nint[] entries = new nint[2 * MostTokens];

    /// <summary>Assembles the products of F32, F16 or BF16.</summary>
    /// <param name="type">One of these.</param>
    /// <param name="asks">True where a stream that is read once is asked for; false where the hardware sees to it.</param>
    public DirectFloatProduct(TensorType type, bool asks)
    {
        for (int i = 0; i < entries.Length; i++) entries[i] = (nint)ExecutableMemory.Place(Assemble(type, 1 + (i / 2), once: i % 2 == 1, asks));
    }

    /// <summary>Multiplies 32 rows with the first tokens, of which there are one to <see cref="MostTokens"/>; with <paramref name="once"/> the rows are not read again for others.</summary>
    public void Run(in DirectFloatCall call, int tokens, bool once)
    {
        fixed (DirectFloatCall* arguments = &call) ((delegate* unmanaged[SuppressGCTransition]<DirectFloatCall*, void>)entries[(2 * (tokens - 1)) + (once ? 1 : 0)])(arguments);
    }

    private static Assembler Assemble(TensorType type, int tokens, bool once, bool asks)
    {
        int groupBytes = 16 * (type == TensorType.F32 ? 4 : 2);
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, ahead = r9, x = r10, columns = r11, y = rdx, step = rbx;
        AssemblerRegister64[] groups = [rsi, r8];
        AssemblerRegisterYMM[] sums = Registers.Y[..(4 * tokens)], spreads = Registers.Y[(4 * tokens)..(5 * tokens)], weights = Registers.Y[(5 * tokens)..];
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Load(groups[0], nameof(DirectFloatCall.First));
        Load(groups[1], nameof(DirectFloatCall.Second));
        Load(ahead, nameof(DirectFloatCall.Ahead));
        Load(x, nameof(DirectFloatCall.X));
        Load(columns, nameof(DirectFloatCall.Columns));
        Load(y, nameof(DirectFloatCall.Y));
        Load(step, nameof(DirectFloatCall.YTokenBytes));
        ForEachSum((sum, place) => c.vmovups(sum, __ymmword_ptr[place]));
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int group = 0; group < 2; group++)
        {
            for (int line = 0; line < Unroll * groupBytes; line += 64)
            {
                if (once && asks) c.prefetchnta(__[groups[group] + (NearBytes + line)]);
                else if (!once) c.prefetcht1(__[ahead + ((group * Unroll * groupBytes) + line)]);
            }
        }
        for (int column = 0; column < Unroll; column++)
        {
            for (int token = 0; token < tokens; token++) c.vbroadcastss(spreads[token], __dword_ptr[x + (XStep * column) + (sizeof(float) * token)]);
            for (int i = 0; i < 4; i++)
            {
                AssemblerMemoryOperand stored = __[groups[i / 2] + (groupBytes * column) + (groupBytes / 2 * (i % 2))];
                if (type == TensorType.F32 && tokens == 1)
                {
                    c.vfmadd231ps(sums[i], spreads[0], stored);
                    continue;
                }
                AssemblerRegisterYMM weight = weights[i % weights.Length];
                switch (type)
                {
                    case TensorType.F32:
                        c.vmovups(weight, stored);
                        break;
                    case TensorType.F16:
                        c.vcvtph2ps(weight, stored);
                        break;
                    default:
                        c.vpmovzxwd(weight, stored);
                        c.vpslld(weight, weight, 16);
                        break;
                }
                for (int token = 0; token < tokens; token++) c.vfmadd231ps(sums[(4 * token) + i], spreads[token], weight);
            }
        }
        foreach (AssemblerRegister64 group in groups) c.add(group, Unroll * groupBytes);
        c.add(ahead, 2 * Unroll * groupBytes);
        c.add(x, Unroll * XStep);
        c.sub(columns, Unroll);
        c.jnz(loop);
        ForEachSum((sum, place) => c.vmovups(__ymmword_ptr[place], sum));
        Registers.Leave(c);
        return c;

        void ForEachSum(Action<AssemblerRegisterYMM, AssemblerMemoryOperand> move)
        {
            for (int i = 0; i < sums.Length; i++) move(sums[i], (i / 4) switch { 0 => __[y + (32 * i)], 1 => __[y + step + (32 * (i - 4))], _ => __[y + (step * 2) + (32 * (i - 8))] });
        }

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + (int)Marshal.OffsetOf<DirectFloatCall>(field)]);
    }
}
