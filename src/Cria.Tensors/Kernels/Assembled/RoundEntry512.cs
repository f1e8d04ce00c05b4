using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Weights rounded to integers of 16 or, without a sign, 8 bits in 512-bit registers, the bits of <see cref="IntegerTile.Round"/>: rows need little each, and nothing of them goes through memory.</summary>
internal static unsafe class RoundEntry512
{
    private const int Vectors = KvLayout.PageSize / 16;

    private static readonly nint ShortEntry = Place(toBytes: false), ByteEntry = Place(toBytes: true);

    /// <summary>True where the processor has AVX-512, and code may be assembled.</summary>
    public static bool IsAvailable => TileEntries.Has(TileForm.Avx512);

    /// <summary>Rounds weight · scale of <paramref name="rows"/> rows [row, 64], at least one, and writes what one step of each stands for.</summary>
    public static void Run(float* weights, int rows, float* valueScales, int most, bool toBytes, void* rounded, float* scales)
    {
        var call = new Call { Weights = weights, Rows = rows, ValueScales = valueScales, Rounded = rounded, Scales = scales, Most = most };
        ((delegate* unmanaged[SuppressGCTransition]<Call*, void>)(toBytes ? ByteEntry : ShortEntry))(&call);
    }

    private static nint Place(bool toBytes) => IsAvailable ? (nint)ExecutableMemory.Place(Assemble(toBytes)) : 0;

    private static Assembler Assemble(bool toBytes)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, weights = rdi, rows = rdx, valueScales = r8, rounded = r9, scales = r10;
        AssemblerRegisterZMM largest = zmm8, factor = zmm9, magnitude = zmm20, rounder = zmm21;
        AssemblerRegisterXMM most = xmm10, least = xmm11;
        Label row = c.CreateLabel();
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Load(weights, nameof(Call.Weights));
        Load(rows, nameof(Call.Rows));
        Load(valueScales, nameof(Call.ValueScales));
        Load(rounded, nameof(Call.Rounded));
        Load(scales, nameof(Call.Scales));
        c.vmovss(most, __dword_ptr[arguments + (int)Marshal.OffsetOf<Call>(nameof(Call.Most))]);
        c.mov(eax, BitConverter.SingleToUInt32Bits(IntegerForm.Least));
        c.vmovd(least, eax);
        c.mov(eax, 0x7fffffff);
        c.vpbroadcastd(magnitude, eax);
        // 1.5 · 2²³: what is added to it keeps its whole part in the low bits.
        c.mov(eax, BitConverter.SingleToUInt32Bits(12582912f));
        c.vpbroadcastd(rounder, eax);
        for (int i = 0; i < Vectors; i++) c.vmovups(Scale(i), __zmmword_ptr[valueScales + 64 * i]);
        c.Label(ref row);
        for (int i = 0; i < Vectors; i++) c.vmulps(Product(i), Scale(i), __zmmword_ptr[weights + 64 * i]);
        if (toBytes)
        {
            // No product is below 0.
            c.vmaxps(zmm4, Product(0), Product(1));
            c.vmaxps(zmm6, Product(2), Product(3));
        }
        else
        {
            for (int i = 0; i < Vectors; i++) c.vpandd(Registers.Z[4 + i], Product(i), magnitude);
            c.vmaxps(zmm4, zmm4, zmm5);
            c.vmaxps(zmm6, zmm6, zmm7);
        }
        c.vmaxps(largest, zmm4, zmm6);
        Registers.LargestLane(c, 8, 9);
        // 0 for both where all are too small.
        c.vcmpss(k1, xmm8, least, 5);
        c.vdivss(xmm4.k1.z, most, xmm8);
        c.vdivss(xmm5.k1.z, xmm8, most);
        c.vmovss(__dword_ptr[scales], xmm5);
        c.vbroadcastss(factor, xmm4);
        for (int i = 0; i < Vectors; i++)
        {
            c.vmulps(Product(i), Product(i), factor);
            c.vaddps(Product(i), Product(i), rounder);
            if (toBytes) c.vpmovdb(__xmmword_ptr[rounded + 16 * i], Product(i));
            else c.vpmovdw(__ymmword_ptr[rounded + 32 * i], Product(i));
        }
        c.add(weights, KvLayout.PageSize * sizeof(float));
        c.add(rounded, KvLayout.PageSize * (toBytes ? sizeof(byte) : sizeof(short)));
        c.add(scales, sizeof(float));
        c.dec(rows);
        c.jnz(row);
        Registers.Leave(c);
        return c;

        static AssemblerRegisterZMM Product(int i) => Registers.Z[i];

        static AssemblerRegisterZMM Scale(int i) => Registers.Z[16 + i];

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + (int)Marshal.OffsetOf<Call>(field)]);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Call
    {
        public float* Weights;
        public long Rows;
        public float* ValueScales;
        public void* Rounded;
        public float* Scales;
        public float Most;
    }
}
