namespace Cria.Tensors.Kernels;

/// <summary>Sets elements to zero at random and scales the others up by 1 / (1 − share), so that the mean stays.</summary>
internal static unsafe class Dropout
{
    /// <summary>One row. Which elements stay is a function of seed, row and column alone, so the gradient passes through the same ones.</summary>
    public static void Row(float* x, float* y, float share, uint seed, uint row, bool accumulate, int size)
    {
        float scale = 1 / (1 - share);
        var least = (uint)(share * 16777216.0);
        for (int i = 0; i < size; i++)
        {
            float kept = (Mix(seed, row, (uint)i) >> 8) >= least ? x[i] * scale : 0;
            y[i] = accumulate ? y[i] + kept : kept;
        }
    }

    // The finalizer of MurmurHash3, 64 bits, over the three numbers.
    private static uint Mix(uint seed, uint row, uint column)
    {
        ulong h = ((ulong)seed << 32 ^ row) * 0x9E3779B97F4A7C15UL + column;
        h ^= h >> 33;
        h *= 0xff51afd7ed558ccdUL;
        h ^= h >> 33;
        h *= 0xc4ceb9fe1a85ec53UL;
        return (uint)(h >> 32);
    }
}
