namespace Cria.Tensors.Kernels;

/// <summary>Rotary positions (arXiv 2104.09864) on interleaved pairs: (a, b) → (a·cos − b·sin, a·sin + b·cos).</summary>
internal static unsafe partial class Rope
{
    /// <summary>Cosine and sine of position · frequency for each pair, times <paramref name="magnitude"/>: [cos, sin] a pair. Angles in double.</summary>
    public static void Angles(ReadOnlySpan<double> inverseFrequencies, double magnitude, long position, float* angles)
    {
        for (int i = 0; i < inverseFrequencies.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * inverseFrequencies[i]);
            angles[2 * i] = (float)(cos * magnitude);
            angles[2 * i + 1] = (float)(sin * magnitude);
        }
    }

    /// <summary>Rotates every head of one row in place.</summary>
    public static void Row(float* x, float* angles, int size, int headSize)
    {
        for (int head = 0; head < size; head += headSize)
        {
            for (int i = 0; i < headSize; i += 2)
            {
                float a = x[head + i], b = x[head + i + 1], cos = angles[i], sin = angles[i + 1];
                x[head + i] = MathF.FusedMultiplyAdd(a, cos, -(b * sin));
                x[head + i + 1] = MathF.FusedMultiplyAdd(a, sin, b * cos);
            }
        }
    }
}
