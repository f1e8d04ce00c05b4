using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>How the integers of a type of pages are grouped and what they are multiplied with is rounded, so that sums of products fit 32 bits.</summary>
/// <param name="Block">Features that share a scale.</param>
/// <param name="Largest">The largest integer of a key or a value.</param>
/// <param name="LargestQuery">The largest integer of a query.</param>
/// <param name="LargestWeight">The largest integer of a weight.</param>
/// <param name="IsBytes">True where four bytes are multiplied together, false where two integers of 16 bits are.</param>
internal readonly record struct IntegerForm(int Block, int Largest, int LargestQuery, int LargestWeight, bool IsBytes = false)
{
    /// <summary>Numbers none of which is larger count as zero, since their inverse might not be finite.</summary>
    public const float Least = 1e-30f;

    /// <summary>The form of Q8_0 and Q4_0: 7 bits and a sign times 15.</summary>
    public static IntegerForm OfBlocks { get; } = new(32, 127, 32767, 32767);

    /// <summary>Integers that are multiplied together, in 32 bits.</summary>
    public int PerWord => IsBytes ? 4 : 2;

    /// <summary>The form of a type whose pages hold or become integers. Heads have a multiple of 16 features.</summary>
    public static IntegerForm Of(TensorType type, int headSize)
    {
        int block = headSize % 64 == 0 ? 64 : headSize % 32 == 0 ? 32 : 16;
        // 64 products of 8191 and 4095 stay below 2³¹. Weights have no sign, so that the instruction that multiplies bytes without a sign with bytes with one leaves them eight bits.
        return type switch { TensorType.I16 => new IntegerForm(block, 8191, 4095, 4095), TensorType.I8 => new IntegerForm(block, 127, 127, 255, IsBytes: true), _ => OfBlocks };
    }

    /// <summary>True when pages of a type are multiplied as integers.</summary>
    public static bool IsFor(TensorType type) => KvIntegers.IsFor(type) || Backends.KvTypes.IsRotated(type);

    /// <summary>What one step of integers up to <paramref name="most"/> stands for where the largest number is <paramref name="largest"/>.</summary>
    public static float Scale(float largest, int most, out float inverse)
    {
        bool isZero = largest < Least;
        inverse = isZero ? 0 : most / largest;
        return isZero ? 0 : largest / most;
    }

    /// <summary>Rounds numbers, a multiple of 16 up to 64 of them, to integers up to <paramref name="most"/> and returns what one step stands for.</summary>
    public static unsafe float Round<T>(float* numbers, int count, int most, short* rounded) where T : struct, ILanes<T>
    {
        T largest = T.Abs(T.Load(numbers));
        for (int i = 16; i < count; i += 16) largest = T.Max(largest, T.Abs(T.Load(numbers + i)));
        float scale = Scale(T.Largest(largest), most, out float inverse);
        T factor = T.Broadcast(inverse);
        for (int i = 0; i < count; i += 16) T.StoreRounded(T.Load(numbers + i) * factor, rounded + i);
        return scale;
    }
}
