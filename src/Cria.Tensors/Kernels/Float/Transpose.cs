using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Float;

/// <summary>Transposition of 16 × 16 floats.</summary>
internal static unsafe class Transpose
{
    /// <summary>target[j, i] = source[i, j]; the two must not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Square16(float* source, float* target)
    {
        if (Avx512F.IsSupported)
        {
            for (int i = 0; i < 16; i += 4) FourColumns(source + i, target + 16 * i);
        }
        else
        {
            for (int i = 0; i < 16; i += 4)
            {
                for (int j = 0; j < 16; j += 4) Square4(source + 16 * i + j, target + 16 * j + i);
            }
        }
    }

    /// <summary>Four columns of 16 rows: quarter q of a vector is row 4 · q + i, so that turning 4 × 4 within each quarter finishes the work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourColumns(float* source, float* target)
    {
        Vector512<float> a = Quarters(source), b = Quarters(source + 16), c = Quarters(source + 32), d = Quarters(source + 48);
        Vector512<double> lowAb = Avx512F.UnpackLow(a, b).AsDouble(), highAb = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> lowCd = Avx512F.UnpackLow(c, d).AsDouble(), highCd = Avx512F.UnpackHigh(c, d).AsDouble();
        Avx512F.UnpackLow(lowAb, lowCd).AsSingle().Store(target);
        Avx512F.UnpackHigh(lowAb, lowCd).AsSingle().Store(target + 16);
        Avx512F.UnpackLow(highAb, highCd).AsSingle().Store(target + 32);
        Avx512F.UnpackHigh(highAb, highCd).AsSingle().Store(target + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(float* source)
    {
        Vector512<float> rows = Vector128.Load(source).ToVector256Unsafe().ToVector512Unsafe();
        rows = Avx512F.InsertVector128(rows, Vector128.Load(source + 64), 1);
        rows = Avx512F.InsertVector128(rows, Vector128.Load(source + 128), 2);
        return Avx512F.InsertVector128(rows, Vector128.Load(source + 192), 3);
    }

    /// <summary>Two rounds of interleaving turn four rows into four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square4(float* from, float* to)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + 16), c = Vector128.Load(from + 32), d = Vector128.Load(from + 48);
        Vector128<float> ac = Low(a, c), bd = Low(b, d), acHigh = High(a, c), bdHigh = High(b, d);
        Low(ac, bd).Store(to);
        High(ac, bd).Store(to + 16);
        Low(acHigh, bdHigh).Store(to + 32);
        High(acHigh, bdHigh).Store(to + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);
}
