using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.IQ4_NL"/>.</summary>
internal readonly unsafe struct IQ4_NLReader : IBlockReader
{
    public static int BlockBytes => 18;

    public static int Zero => 128;

    public static int Largest => 255;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        Store(block + 2, rowBytes, Levels<T>(signed), panel);
    }

    /// <summary>16 bytes: 16 columns (low halves) and the next 16 (high halves).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(byte* at, nint rowBytes, T levels, byte* panel) where T : struct, IRows<T>
    {
        T.Turn(at, rowBytes, out T v0, out T v1, out T v2, out T v3);
        T.Look(levels, Rows.LowNibbles(v0)).Store(panel);
        T.Look(levels, Rows.LowNibbles(v1)).Store(panel + 64);
        T.Look(levels, Rows.LowNibbles(v2)).Store(panel + 128);
        T.Look(levels, Rows.LowNibbles(v3)).Store(panel + 192);
        T.Look(levels, Rows.HighNibbles(v0)).Store(panel + 256);
        T.Look(levels, Rows.HighNibbles(v1)).Store(panel + 320);
        T.Look(levels, Rows.HighNibbles(v2)).Store(panel + 384);
        T.Look(levels, Rows.HighNibbles(v3)).Store(panel + 448);
    }

    /// <summary>The values a quant stands for, for <see cref="IRows{T}.Look"/>; 128 added for unsigned panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Levels<T>(bool signed) where T : struct, IRows<T> =>
        T.Table(Vector128.Create(IQ4_NL.Levels).AsByte() ^ Vector128.Create((byte)(signed ? 0 : 128)));
}
