using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Backends;

/// <summary>The shape of cached keys and values.</summary>
/// <param name="LayerCount">Layers.</param>
/// <param name="HeadCount">Key-value heads of a layer.</param>
/// <param name="HeadSize">Features of a head.</param>
/// <param name="Types">How they are kept.</param>
public sealed record KvLayout(int LayerCount, int HeadCount, int HeadSize, KvTypes Types)
{
    /// <summary>Positions in a page. One page holds all layers.</summary>
    public const int PageSize = 64;

    /// <summary>Bytes of one head's keys in a page.</summary>
    public long KeyBytes { get; } = PageSize * KvTypes.RowBytes(Types.Keys, HeadSize);

    /// <summary>Bytes of one head's values in a page.</summary>
    public long ValueBytes { get; } = PageSize * KvTypes.RowBytes(Types.Values, HeadSize);

    /// <summary>Parts of a page: layers times heads.</summary>
    public int PartCount => LayerCount * HeadCount;

    /// <summary>Bytes of one layer's and head's keys and values in a page.</summary>
    public long PartBytes => KeyBytes + ValueBytes;

    /// <summary>Bytes of a page: keys and values of all layers for <see cref="PageSize"/> positions.</summary>
    public long PageBytes => PartCount * PartBytes;

    /// <summary>Clears the positions of a page from <paramref name="offset"/> on; the layout is <see cref="KvPool"/>'s.</summary>
    internal void ClearFrom(Span<byte> page, int offset)
    {
        for (int head = 0; head < PartCount; head++)
        {
            Span<byte> keys = page[..(int)KeyBytes], values = page.Slice((int)KeyBytes, (int)ValueBytes);
            page = page[(int)PartBytes..];
            int groupBytes = keys.Length / (PageSize / 16);
            for (int position = offset; position < PageSize; position++) ClearKey(keys.Slice(position / 16 * groupBytes, groupBytes), position % 16);
            if (KvIntegers.IsFor(Types.Values)) KvIntegers.ClearValues(Types.Values, values, HeadSize, offset);
            else values[(values.Length / PageSize * offset)..].Clear();
        }
    }

    private void ClearKey(Span<byte> group, int lane)
    {
        if (KvIntegers.IsFor(Types.Keys))
        {
            KvIntegers.ClearKey(group, lane);
            return;
        }
        BlockFormat format = BlockFormat.Of(Types.Keys);
        // Elements of one position stand 16 apart; a quantized block's scale, of two bytes, before its bytes.
        int blockBytes = 16 * format.BlockBytes, first = format.IsQuantized ? 2 : format.BlockBytes, rest = format.IsQuantized ? 1 : format.BlockBytes;
        for (; group.Length > 0; group = group[blockBytes..])
        {
            group.Slice(lane * first, first).Clear();
            for (int row = 16 * first; row < blockBytes; row += 16 * rest) group.Slice(row + lane * rest, rest).Clear();
        }
    }
}
