using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Keys and values as I16: 13 bits and a sign, relative to the largest of up to 64 features. They need as much memory as F16, hold as much, and are multiplied twice as fast, by the
/// instructions that add pairs of products of 16-bit integers; pages hold them as those instructions want them.
/// </summary>
internal static unsafe class KvShorts
{
    private const int Page = KvLayout.PageSize;

    /// <summary>Rounds one key [headSize] into a page's group of 16 positions: for each block 16 scales, then [feature / 2, 16] pairs.</summary>
    public static void WriteKey<T>(float* key, int headSize, int lane, byte* group) where T : struct, ILanes<T>
    {
        int block = PairForm.Of(TensorType.I16, headSize).Block;
        short* rounded = stackalloc short[64];
        for (int d = 0; d < headSize; d += block, group += 64 + block * 32)
        {
            ((float*)group)[lane] = PairForm.Round<T>(key + d, block, PairForm.LargestShort, rounded);
            for (int pair = 0; pair < block / 2; pair++) ((int*)group)[16 + pair * 16 + lane] = ((int*)rounded)[pair];
        }
    }

    /// <summary>Rounds one value [headSize] into a page's values: scales [block, position], then [feature / 16, position / 2, 16] pairs.</summary>
    public static void WriteValue<T>(float* value, int headSize, int position, byte* values) where T : struct, ILanes<T>
    {
        int block = PairForm.Of(TensorType.I16, headSize).Block;
        short* rounded = stackalloc short[64], pairs = (short*)(values + ScaleBytes(headSize)) + position / 2 * 32 + position % 2;
        for (int d = 0; d < headSize; d += block)
        {
            ((float*)values)[d / block * Page + position] = PairForm.Round<T>(value + d, block, PairForm.LargestShort, rounded);
            for (int i = 0; i < block; i++) pairs[(d + i) / 16 * (Page * 16) + i % 16 * 2] = rounded[i];
        }
    }

    /// <summary>Bytes of the scales that a page's values begin with.</summary>
    public static int ScaleBytes(int headSize) => headSize / PairForm.Of(TensorType.I16, headSize).Block * Page * sizeof(float);

    /// <summary>Clears one position of a group of 16 keys.</summary>
    public static void ClearKey(Span<byte> group, int lane)
    {
        // Scales and pairs alike are of four bytes, sixteen side by side.
        Span<int> lanes = MemoryMarshal.Cast<byte, int>(group);
        for (int i = lane; i < lanes.Length; i += 16) lanes[i] = 0;
    }

    /// <summary>Clears a page's values from a position on.</summary>
    public static void ClearValues(Span<byte> values, int headSize, int from)
    {
        Span<float> scales = MemoryMarshal.Cast<byte, float>(values[..ScaleBytes(headSize)]);
        for (int block = 0; block < scales.Length; block += Page) scales[(block + from)..(block + Page)].Clear();
        Span<short> pairs = MemoryMarshal.Cast<byte, short>(values[ScaleBytes(headSize)..]);
        for (int i = 0; i < pairs.Length; i++)
        {
            int position = i / 32 % (Page / 2) * 2 + i % 2;
            if (position >= from) pairs[i] = 0;
        }
    }
}
