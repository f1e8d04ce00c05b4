namespace Cria.Tensors.Kernels;

/// <summary>A rotation's gradient is rotated back; a magnitude other than 1 scales it as it scaled the values.</summary>
internal static unsafe partial class Rope
{
    /// <summary>Turns every head of one row's gradient back, in place.</summary>
    public static void BackwardRow(float* dy, float* angles, int size, int headSize)
    {
        for (int head = 0; head < size; head += headSize)
        {
            for (int i = 0; i < headSize; i += 2)
            {
                float a = dy[head + i], b = dy[head + i + 1], cos = angles[i], sin = angles[i + 1];
                dy[head + i] = MathF.FusedMultiplyAdd(a, cos, b * sin);
                dy[head + i + 1] = MathF.FusedMultiplyAdd(b, cos, -(a * sin));
            }
        }
    }
}
