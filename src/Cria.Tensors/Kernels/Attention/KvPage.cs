using System.Runtime.Intrinsics;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Writes keys and values into pages and reads pages back as kernels want them; the layout is <see cref="KvPool"/>'s. Quantized heads are rotated (<see cref="Hadamard"/>) and then
/// rounded as the format's scalar encoder does; what is read is what its scalar decoder gives, still rotated.
/// </summary>
internal static unsafe class KvPage
{
    /// <summary>The largest head there is.</summary>
    public const int MostFeatures = 512;

    private const int Page = KvLayout.PageSize;

    /// <summary>Stores one token's key and value rows [kvHeads · headSize] at a position. Tokens may be written at the same time.</summary>
    public static void Write<T>(KvPool pool, int page, int layer, int offset, float* key, float* value) where T : struct, ILanes<T>
    {
        KvLayout layout = pool.Layout;
        float* rotated = stackalloc float[MostFeatures];
        byte* blocks = stackalloc byte[2 * MostFeatures];
        for (int head = 0; head < layout.HeadCount; head++)
        {
            WriteKey<T>(layout.Types.Keys, layout.HeadSize, offset, key + (long)head * layout.HeadSize, pool.Keys(page, layer, head), rotated, blocks);
            WriteValue<T>(layout.Types.Values, layout.HeadSize, offset, value + (long)head * layout.HeadSize, pool.Values(page, layer, head), rotated);
        }
    }

    /// <summary>Reads one head's keys of F32 or F16 as floats: [position / 16, feature, 16].</summary>
    public static void ReadKeys<T>(KvPool pool, int page, int layer, int head, float* keys) where T : struct, ILanes<T> =>
        ReadFloats<T>(pool.Layout.Types.Keys, pool.Keys(page, layer, head), keys, Page * pool.Layout.HeadSize);

    /// <summary>Reads one head's values of F32 or F16 as floats: [position, feature].</summary>
    public static void ReadValues<T>(KvPool pool, int page, int layer, int head, float* values) where T : struct, ILanes<T> =>
        ReadFloats<T>(pool.Layout.Types.Values, pool.Values(page, layer, head), values, Page * pool.Layout.HeadSize);

    /// <summary>Reads one head's quantized keys as [position / 16, block] of 16 scales and then pairs of features, 16-bit integers: [feature / 2, 16].</summary>
    public static void ReadKeyPairs<T>(KvPool pool, int page, int layer, int head, float* pairs) where T : struct, ILanes<T>
    {
        byte* stored = pool.Keys(page, layer, head);
        int blocks = Page / 16 * pool.Layout.HeadSize / 32;
        if (pool.Layout.Types.Keys == TensorType.Q8_0)
        {
            for (; blocks > 0; blocks--, stored += 16 * 34, pairs += 16 * 16)
            {
                T.LoadHalf((ushort*)stored).Store(pairs);
                pairs += 16;
                for (int pair = 0; pair < 16; pair++)
                {
                    byte* row = stored + 32 + pair * 32;
                    T.Pairs(Vector128.Load((sbyte*)row), Vector128.Load((sbyte*)row + 16)).Store(pairs + pair * 16);
                }
            }
            return;
        }
        for (; blocks > 0; blocks--, stored += 16 * 18, pairs += 16 * 16)
        {
            T.LoadHalf((ushort*)stored).Store(pairs);
            pairs += 16;
            for (int pair = 0; pair < 8; pair++)
            {
                // Features i and i + 16 share a byte, so two rows hold two pairs.
                Vector128<byte> first = Vector128.Load(stored + 32 + pair * 32), second = Vector128.Load(stored + 48 + pair * 32);
                T.Pairs(Lower(first), Lower(second)).Store(pairs + pair * 16);
                T.Pairs(Upper(first), Upper(second)).Store(pairs + (pair + 8) * 16);
            }
        }
    }

    /// <summary>Reads one head's quantized values as pairs of positions, 16-bit integers: [feature / 16, position / 2, 16], and their scales: [block, position].</summary>
    public static void ReadValuePairs<T>(KvPool pool, int page, int layer, int head, float* pairs, float* scales) where T : struct, ILanes<T>
    {
        bool isByte = pool.Layout.Types.Values == TensorType.Q8_0;
        int blocks = pool.Layout.HeadSize / 32, blockBytes = isByte ? 34 : 18;
        byte* first = pool.Values(page, layer, head);
        // Scales stand apart in the rows; together they become floats many at a time.
        ushort* halves = stackalloc ushort[MostFeatures / 32 * Page];
        for (int position = 0; position < Page; position += 2)
        {
            byte* second = first + blocks * blockBytes;
            for (int block = 0; block < blocks; block++, first += blockBytes, second += blockBytes)
            {
                halves[block * Page + position] = *(ushort*)first;
                halves[block * Page + position + 1] = *(ushort*)second;
                float* low = pairs + (block * Page + position / 2) * 16, high = low + Page / 2 * 16;
                if (isByte)
                {
                    T.Pairs(Vector128.Load((sbyte*)first + 2), Vector128.Load((sbyte*)second + 2)).Store(low);
                    T.Pairs(Vector128.Load((sbyte*)first + 18), Vector128.Load((sbyte*)second + 18)).Store(high);
                    continue;
                }
                Vector128<byte> a = Vector128.Load(first + 2), b = Vector128.Load(second + 2);
                T.Pairs(Lower(a), Lower(b)).Store(low);
                T.Pairs(Upper(a), Upper(b)).Store(high);
            }
            first = second;
        }
        ReadHalves<T>(halves, scales, blocks * Page);
    }

    /// <summary>Reads the scales of one head's quantized values: [block, position].</summary>
    public static void ReadValueScales<T>(KvPool pool, int page, int layer, int head, float* scales) where T : struct, ILanes<T>
    {
        int blocks = pool.Layout.HeadSize / 32, blockBytes = BlockFormat.Of(pool.Layout.Types.Values).BlockBytes;
        byte* block = pool.Values(page, layer, head);
        ushort* halves = stackalloc ushort[MostFeatures / 32 * Page];
        for (int position = 0; position < Page; position++)
        {
            for (int i = 0; i < blocks; i++, block += blockBytes) halves[i * Page + position] = *(ushort*)block;
        }
        ReadHalves<T>(halves, scales, blocks * Page);
    }

    private static Vector128<sbyte> Lower(Vector128<byte> bytes) => (bytes & Vector128.Create((byte)15)).AsSByte() - Vector128.Create((sbyte)8);

    private static Vector128<sbyte> Upper(Vector128<byte> bytes) => Vector128.ShiftRightLogical(bytes, 4).AsSByte() - Vector128.Create((sbyte)8);

    private static void WriteKey<T>(TensorType type, int size, int offset, float* key, byte* page, float* rotated, byte* blocks) where T : struct, ILanes<T>
    {
        int group = offset / 16, lane = offset % 16;
        switch (type)
        {
            case TensorType.F32:
                for (int d = 0; d < size; d++) ((float*)page)[(group * size + d) * 16 + lane] = key[d];
                break;
            case TensorType.I8:
                Rotate<T>(key, size, rotated);
                KvIntegers.WriteKey<T>(type, rotated, size, lane, page + group * 16L * KvTypes.RowBytes(type, size));
                break;
            case TensorType.I16:
                KvIntegers.WriteKey<T>(type, key, size, lane, page + group * 16L * KvTypes.RowBytes(type, size));
                break;
            case TensorType.F16:
                var halves = (ushort*)blocks;
                for (int d = 0; d < size; d += 16) T.Load(key + d).StoreHalf(halves + d);
                for (int d = 0; d < size; d++) ((ushort*)page)[(group * size + d) * 16 + lane] = halves[d];
                break;
            default:
                Rotate<T>(key, size, rotated);
                BlockFormat format = BlockFormat.Of(type);
                int bytes = format.BlockBytes;
                format.Encode(new ReadOnlySpan<float>(rotated, size), new Span<byte>(blocks, size / 32 * bytes));
                for (int block = 0; block < size / 32; block++)
                {
                    byte* source = blocks + block * bytes, target = page + (group * (size / 32) + block) * 16L * bytes;
                    ((ushort*)target)[lane] = *(ushort*)source;
                    for (int i = 2; i < bytes; i++) target[i * 16 + lane] = source[i];
                }
                break;
        }
    }

    private static void WriteValue<T>(TensorType type, int size, int offset, float* value, byte* page, float* rotated) where T : struct, ILanes<T>
    {
        switch (type)
        {
            case TensorType.F32:
                new Span<float>(value, size).CopyTo(new Span<float>((float*)page + (long)offset * size, size));
                break;
            case TensorType.I8:
                Rotate<T>(value, size, rotated);
                KvIntegers.WriteValue<T>(type, rotated, size, offset, page);
                break;
            case TensorType.I16:
                KvIntegers.WriteValue<T>(type, value, size, offset, page);
                break;
            case TensorType.F16:
                for (int d = 0; d < size; d += 16) T.Load(value + d).StoreHalf((ushort*)page + (long)offset * size + d);
                break;
            default:
                Rotate<T>(value, size, rotated);
                BlockFormat format = BlockFormat.Of(type);
                int bytes = size / 32 * format.BlockBytes;
                format.Encode(new ReadOnlySpan<float>(rotated, size), new Span<byte>(page + (long)offset * bytes, bytes));
                break;
        }
    }

    private static void Rotate<T>(float* source, int size, float* rotated) where T : struct, ILanes<T>
    {
        new ReadOnlySpan<float>(source, size).CopyTo(new Span<float>(rotated, size));
        Hadamard.Rotate<T>(rotated, size);
    }

    private static void ReadFloats<T>(TensorType type, byte* stored, float* target, int count) where T : struct, ILanes<T>
    {
        if (type == TensorType.F32) new ReadOnlySpan<float>(stored, count).CopyTo(new Span<float>(target, count));
        else ReadHalves<T>((ushort*)stored, target, count);
    }

    private static void ReadHalves<T>(ushort* stored, float* target, int count) where T : struct, ILanes<T>
    {
        if (typeof(T) != typeof(Lanes128) && HalfReader.IsAvailable) HalfReader.Read(stored, target, count);
        else for (int i = 0; i < count; i += 16) T.LoadHalf(stored + i).Store(target + i);
    }
}
