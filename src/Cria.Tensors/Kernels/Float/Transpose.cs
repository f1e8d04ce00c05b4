using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Float;

/// <summary>Transposition of 16 × 16 floats.</summary>
internal static unsafe class Transpose
{
    /// <summary>target[j, i] = source[i, j]; the two must not overlap.</summary>
    public static void Square16(float* source, float* target)
    {
        // 4 × 4 squares: two rounds of interleaving turn four rows into four columns.
        for (int i = 0; i < 16; i += 4)
        {
            for (int j = 0; j < 16; j += 4)
            {
                float* from = source + 16 * i + j;
                Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + 16), c = Vector128.Load(from + 32), d = Vector128.Load(from + 48);
                Vector128<float> ab = Low(a, b), cd = Low(c, d), abHigh = High(a, b), cdHigh = High(c, d);
                float* to = target + 16 * j + i;
                LowPairs(ab, cd).Store(to);
                HighPairs(ab, cd).Store(to + 16);
                LowPairs(abHigh, cdHigh).Store(to + 32);
                HighPairs(abHigh, cdHigh).Store(to + 48);
            }
        }
    }

    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    private static Vector128<float> LowPairs(Vector128<float> a, Vector128<float> b) => Vector128.Create(a.GetLower(), b.GetLower());

    private static Vector128<float> HighPairs(Vector128<float> a, Vector128<float> b) => Vector128.Create(a.GetUpper(), b.GetUpper());
}
