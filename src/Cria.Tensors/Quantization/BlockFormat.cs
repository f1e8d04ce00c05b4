namespace Cria.Tensors.Quantization;

/// <summary>
/// One weight format: its block layout and the scalar decoder and encoder that are its specification.
/// Kernels are tested against <see cref="Decode"/>; files against the bytes of <see cref="Encode"/>.
/// </summary>
public abstract partial class BlockFormat
{
    private static readonly I8 RowScaled = new();

    /// <summary>The type this describes.</summary>
    public abstract TensorType Type { get; }

    /// <summary>Elements in a block.</summary>
    public abstract int BlockSize { get; }

    /// <summary>Bytes in a block.</summary>
    public abstract int BlockBytes { get; }

    /// <summary>True when each row has a scale that lies beside the bytes; <see cref="TensorView.Decode"/> then decodes, and <see cref="Decode"/> cannot.</summary>
    public virtual bool HasRowScales => false;

    /// <summary>True for every type but floats.</summary>
    public bool IsQuantized => BlockSize > 1 || HasRowScales;

    /// <summary>Bytes of a row of <paramref name="columns"/> elements. Throws <see cref="CriaException"/> when it is not a whole number of blocks.</summary>
    public long RowBytes(long columns)
    {
        if (columns % BlockSize != 0)
            throw new CriaException($"a row of {columns} elements cannot be stored as {Type}: its blocks hold {BlockSize}");
        return columns / BlockSize * BlockBytes;
    }

    /// <summary>Decodes whole blocks to floats. <paramref name="values"/> is as long as the blocks hold elements.</summary>
    public abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>
    /// Encodes floats to whole blocks. <paramref name="importance"/> weighs each element's squared error (empty: the format's own weighting);
    /// it has the length of one row, or none. Rows follow one another.
    /// </summary>
    public void Encode(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance = default)
    {
        if (blocks.Length != RowBytes(values.Length)) throw new ArgumentException($"{values.Length} elements of {Type} take {RowBytes(values.Length)} bytes, not {blocks.Length}", nameof(blocks));
        if (importance.IsEmpty)
        {
            EncodeRun(values, blocks, importance);
            return;
        }
        if (values.Length % importance.Length != 0) throw new ArgumentException($"{values.Length} elements are no whole rows of {importance.Length}", nameof(importance));
        int rowBytes = (int)RowBytes(importance.Length);
        for (; values.Length > 0; values = values[importance.Length..], blocks = blocks[rowBytes..])
            EncodeRun(values[..importance.Length], blocks[..rowBytes], importance);
    }

    /// <summary>Encodes whole blocks; <paramref name="importance"/> is empty, or <paramref name="values"/> is one row and it is as long.</summary>
    protected abstract void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance);

    /// <summary>The format of a type.</summary>
    public static BlockFormat Of(TensorType type) => All.TryGetValue(type, out BlockFormat? format) ? format
        : type == TensorType.I8 ? RowScaled : throw new CriaException($"tensor type {(int)type} is not one Cria reads");

    /// <summary>True when a GGUF file can hold the type.</summary>
    public static bool IsInGguf(TensorType type) => All.ContainsKey(type);
}
