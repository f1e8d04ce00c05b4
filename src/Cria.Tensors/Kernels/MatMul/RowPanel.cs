namespace Cria.Tensors.Kernels.MatMul;

/// <summary>Sixteen rows of a weight.</summary>
internal readonly unsafe struct RowPanel(byte* data, bool isInterleaved)
{
    /// <summary>First byte.</summary>
    public byte* Data { get; } = data;

    /// <summary>True when the rows lie side by side (<see cref="Quantization.InterleavedRows"/>), else one after another.</summary>
    public bool IsInterleaved { get; } = isInterleaved;
}
