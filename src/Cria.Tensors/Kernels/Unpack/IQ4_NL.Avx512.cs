using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.IQ4_NL"/>, sixteen rows at once.</summary>
internal readonly unsafe struct Avx512IQ4_NL : IRowsReader
{
    public static int BlockBytes => 18;

    public static int Zero => 128;

    public static int Largest => 255;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values(byte* block, nint rowBytes, Vector512<byte> bits, bool signed, byte* panel)
    {
        Store(block + 2, rowBytes, Levels(signed), panel);
    }

    /// <summary>16 bytes: 16 columns (low halves) and the next 16 (high halves).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* at, nint rowBytes, Vector512<byte> levels, byte* panel)
    {
        Avx512Rows.Turn(at, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        Avx512BW.Shuffle(levels, Avx512Rows.LowNibbles(v0)).Store(panel);
        Avx512BW.Shuffle(levels, Avx512Rows.LowNibbles(v1)).Store(panel + 64);
        Avx512BW.Shuffle(levels, Avx512Rows.LowNibbles(v2)).Store(panel + 128);
        Avx512BW.Shuffle(levels, Avx512Rows.LowNibbles(v3)).Store(panel + 192);
        Avx512BW.Shuffle(levels, Avx512Rows.HighNibbles(v0)).Store(panel + 256);
        Avx512BW.Shuffle(levels, Avx512Rows.HighNibbles(v1)).Store(panel + 320);
        Avx512BW.Shuffle(levels, Avx512Rows.HighNibbles(v2)).Store(panel + 384);
        Avx512BW.Shuffle(levels, Avx512Rows.HighNibbles(v3)).Store(panel + 448);
    }

    /// <summary>The values a quant stands for, in each quarter; 128 added for unsigned panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Levels(bool signed)
    {
        Vector128<byte> levels = Vector128.Create(IQ4_NL.Levels).AsByte() ^ Vector128.Create((byte)(signed ? 0 : 128));
        return Vector512.Create(Vector256.Create(levels, levels), Vector256.Create(levels, levels));
    }
}
