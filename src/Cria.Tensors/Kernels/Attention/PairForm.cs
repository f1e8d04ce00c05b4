using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>How the numbers of a type of pages are grouped and what they are multiplied with is rounded, so that sums of products fit 32 bits.</summary>
/// <param name="Block">Features that share a scale.</param>
/// <param name="LargestFactor">The largest integer of a query or of a weight.</param>
internal readonly record struct PairForm(int Block, int LargestFactor)
{
    /// <summary>The largest integer of keys and values of I16: 64 products with 4095 stay below 2³¹.</summary>
    public const int LargestShort = 8191;

    /// <summary>Numbers none of which is larger count as zero, since their inverse might not be finite.</summary>
    public const float Least = 1e-30f;

    /// <summary>The form of Q8_0 and Q4_0: 7 bits and a sign times 15.</summary>
    public static PairForm OfBlocks { get; } = new(32, 32767);

    /// <summary>The form of a type whose pages hold or become pairs of 16-bit integers. Heads have a multiple of 16 features.</summary>
    public static PairForm Of(TensorType type, int headSize) => type == TensorType.I16 ? new PairForm(headSize % 64 == 0 ? 64 : headSize % 32 == 0 ? 32 : 16, 4095) : OfBlocks;

    /// <summary>True when pages of a type are multiplied as pairs of 16-bit integers.</summary>
    public static bool IsFor(TensorType type) => type == TensorType.I16 || Backends.KvTypes.IsQuantized(type);

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
