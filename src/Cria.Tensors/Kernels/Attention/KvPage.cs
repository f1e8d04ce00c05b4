using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>Writes keys and values into pages and reads pages back as floats; the layout is <see cref="KvPool"/>'s.</summary>
internal static unsafe class KvPage
{
    /// <summary>Stores one token's key and value rows [kvHeads · headSize] at a position.</summary>
    public static void Write<T>(KvPool pool, int page, int layer, int offset, float* key, float* value) where T : struct, ILanes<T>
    {
        KvLayout layout = pool.Layout;
        int size = layout.HeadSize;
        ushort* halves = stackalloc ushort[16];
        for (int head = 0; head < layout.HeadCount; head++)
        {
            byte* keys = pool.Keys(page, layer, head), values = pool.Values(page, layer, head);
            long group = (long)(offset / 16) * size * 16 + offset % 16;
            float* k = key + (long)head * size, v = value + (long)head * size;
            if (layout.Type == TensorType.F32)
            {
                for (int d = 0; d < size; d++) ((float*)keys)[group + d * 16] = k[d];
                new Span<float>(v, size).CopyTo(new Span<float>((float*)values + (long)offset * size, size));
                continue;
            }
            for (int d = 0; d < size; d += 16)
            {
                T.Load(k + d).StoreHalf(halves);
                for (int i = 0; i < 16; i++) ((ushort*)keys)[group + (d + i) * 16] = halves[i];
                T.Load(v + d).StoreHalf((ushort*)values + (long)offset * size + d);
            }
        }
    }

    /// <summary>Reads one head's page: keys [position / 16, feature, 16], values [position, feature].</summary>
    public static void Read<T>(KvPool pool, int page, int layer, int head, float* keys, float* values) where T : struct, ILanes<T>
    {
        int count = KvLayout.PageSize * pool.Layout.HeadSize;
        byte* storedKeys = pool.Keys(page, layer, head), storedValues = pool.Values(page, layer, head);
        if (pool.Layout.Type == TensorType.F32)
        {
            new Span<float>(storedKeys, count).CopyTo(new Span<float>(keys, count));
            new Span<float>(storedValues, count).CopyTo(new Span<float>(values, count));
            return;
        }
        for (int i = 0; i < count; i += 16)
        {
            T.LoadHalf((ushort*)storedKeys + i).Store(keys + i);
            T.LoadHalf((ushort*)storedValues + i).Store(values + i);
        }
    }
}
