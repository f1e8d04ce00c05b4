using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Writes keys and values into pages and reads pages back as floats; the layout is <see cref="KvPool"/>'s. Quantized heads are rotated (<see cref="Hadamard"/>) and then
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

    /// <summary>Reads one head's keys as floats: [position / 16, feature, 16].</summary>
    public static void ReadKeys<T>(KvPool pool, int page, int layer, int head, float* keys) where T : struct, ILanes<T>
    {
        byte* stored = pool.Keys(page, layer, head);
        int count = Page * pool.Layout.HeadSize;
        switch (pool.Layout.Types.Keys)
        {
            case TensorType.Q8_0:
                for (int i = 0; i < count; i += 16 * 32, stored += 16 * 34)
                {
                    T scales = T.LoadHalf((ushort*)stored);
                    for (int d = 0; d < 32; d++) (T.LoadSigned((sbyte*)stored + 32 + d * 16) * scales).Store(keys + i + d * 16);
                }
                break;
            case TensorType.Q4_0:
                for (int i = 0; i < count; i += 16 * 32, stored += 16 * 18)
                {
                    T scales = T.LoadHalf((ushort*)stored);
                    for (int d = 0; d < 16; d++)
                    {
                        (T.LoadNibbles(stored + 32 + d * 16, out T upper) * scales).Store(keys + i + d * 16);
                        (upper * scales).Store(keys + i + (d + 16) * 16);
                    }
                }
                break;
            default:
                ReadFloats<T>(pool.Layout.Types.Keys, stored, keys, count);
                break;
        }
    }

    /// <summary>Reads one head's values as floats: [position, feature].</summary>
    public static void ReadValues<T>(KvPool pool, int page, int layer, int head, float* values) where T : struct, ILanes<T>
    {
        byte* stored = pool.Values(page, layer, head);
        int count = Page * pool.Layout.HeadSize;
        switch (pool.Layout.Types.Values)
        {
            case TensorType.Q8_0:
                for (int i = 0; i < count; i += 32, stored += 34)
                {
                    T scale = T.Broadcast((float)*(Half*)stored);
                    (T.LoadSigned((sbyte*)stored + 2) * scale).Store(values + i);
                    (T.LoadSigned((sbyte*)stored + 18) * scale).Store(values + i + 16);
                }
                break;
            case TensorType.Q4_0:
                for (int i = 0; i < count; i += 32, stored += 18)
                {
                    T scale = T.Broadcast((float)*(Half*)stored);
                    (T.LoadNibbles(stored + 2, out T upper) * scale).Store(values + i);
                    (upper * scale).Store(values + i + 16);
                }
                break;
            default:
                ReadFloats<T>(pool.Layout.Types.Values, stored, values, count);
                break;
        }
    }

    private static void WriteKey<T>(TensorType type, int size, int offset, float* key, byte* page, float* rotated, byte* blocks) where T : struct, ILanes<T>
    {
        int group = offset / 16, lane = offset % 16;
        switch (type)
        {
            case TensorType.F32:
                for (int d = 0; d < size; d++) ((float*)page)[(group * size + d) * 16 + lane] = key[d];
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
        else if (typeof(T) != typeof(Lanes128) && HalfReader.IsAvailable) HalfReader.Read((ushort*)stored, target, count);
        else for (int i = 0; i < count; i += 16) T.LoadHalf((ushort*)stored + i).Store(target + i);
    }
}
