using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Keys and values as I16 (13 bits and a sign) and I8 (7 bits and a sign), relative to the largest of up to 64 features. Pages hold them as they are multiplied: in 32 bits two features of
/// a key or two positions of a value, or four of I8, by the instructions that add two or four products of integers at once. I16 needs as much memory as F16 and holds as much.
/// Bytes of keys have 128 added, for that instruction wants one factor without a sign; those of values have none, for weights are such a factor.
/// </summary>
internal static unsafe class KvIntegers
{
    private const int Page = KvLayout.PageSize;

    /// <summary>True for the types kept so.</summary>
    public static bool IsFor(TensorType type) => type is TensorType.I16 or TensorType.I8;

    /// <summary>Rounds one key [headSize] into a page's group of 16 positions: for each block 16 scales, then [feature / 2 or 4, 16] pairs or quads.</summary>
    public static void WriteKey<T>(TensorType type, float* key, int headSize, int lane, byte* group) where T : struct, ILanes<T>
    {
        IntegerForm form = IntegerForm.Of(type, headSize);
        short* rounded = stackalloc short[64];
        int* words = (int*)group + lane;
        for (int d = 0; d < headSize; d += form.Block)
        {
            *(float*)words = IntegerForm.Round<T>(key + d, form.Block, form.Largest, rounded);
            words += 16;
            for (int i = 0; i < form.Block; i += form.PerWord, words += 16) *words = form.IsBytes ? Quad(rounded + i) ^ unchecked((int)0x80808080) : *(int*)(rounded + i);
        }
    }

    /// <summary>Rounds one value [headSize] into a page's values: scales [block, position], then [feature / 16, position / 2 or 4, 16] pairs or quads.</summary>
    public static void WriteValue<T>(TensorType type, float* value, int headSize, int position, byte* values) where T : struct, ILanes<T>
    {
        IntegerForm form = IntegerForm.Of(type, headSize);
        short* rounded = stackalloc short[64];
        int perWord = form.PerWord, first = position / perWord * 16 * perWord + position % perWord;
        byte* integers = values + ScaleBytes(type, headSize);
        for (int d = 0; d < headSize; d += form.Block)
        {
            ((float*)values)[d / form.Block * Page + position] = IntegerForm.Round<T>(value + d, form.Block, form.Largest, rounded);
            for (int i = 0; i < form.Block; i++)
            {
                int at = (d + i) / 16 * (Page * 16) + i % 16 * perWord + first;
                if (form.IsBytes) integers[at] = (byte)rounded[i];
                else ((short*)integers)[at] = rounded[i];
            }
        }
    }

    /// <summary>Four integers of 16 bits as bytes; they fit.</summary>
    public static int Quad(short* integers) => (byte)integers[0] | (byte)integers[1] << 8 | (byte)integers[2] << 16 | integers[3] << 24;

    /// <summary>Bytes of one head's keys or values at one position.</summary>
    public static int RowBytes(TensorType type, int headSize)
    {
        IntegerForm form = IntegerForm.Of(type, headSize);
        return headSize * sizeof(int) / form.PerWord + headSize / form.Block * sizeof(float);
    }

    /// <summary>Bytes of the scales that a page's values begin with.</summary>
    public static int ScaleBytes(TensorType type, int headSize) => headSize / IntegerForm.Of(type, headSize).Block * Page * sizeof(float);

    /// <summary>Clears one position of a group of 16 keys.</summary>
    public static void ClearKey(Span<byte> group, int lane)
    {
        // Scales, pairs and quads alike are of four bytes, sixteen side by side. What is left of a byte without a sign counts as nothing, for its scale is 0.
        Span<int> lanes = MemoryMarshal.Cast<byte, int>(group);
        for (int i = lane; i < lanes.Length; i += 16) lanes[i] = 0;
    }

    /// <summary>Clears a page's values from a position on.</summary>
    public static void ClearValues(TensorType type, Span<byte> values, int headSize, int from)
    {
        Span<float> scales = MemoryMarshal.Cast<byte, float>(values[..ScaleBytes(type, headSize)]);
        for (int block = 0; block < scales.Length; block += Page) scales[(block + from)..(block + Page)].Clear();
        Span<byte> integers = values[ScaleBytes(type, headSize)..];
        int perWord = IntegerForm.Of(type, headSize).PerWord, size = sizeof(int) / perWord;
        for (int i = 0; i < integers.Length / size; i++)
        {
            int position = i / (16 * perWord) % (Page / perWord) * perWord + i % perWord;
            if (position >= from) integers.Slice(i * size, size).Clear();
        }
    }
}
