namespace Cria.Tensors.Kernels.Gemm;

/// <summary>A factor of a product as it lies in memory.</summary>
/// <param name="data">First element.</param>
/// <param name="stride">Elements from one stored row to the next.</param>
/// <param name="transposed">The factor is the transpose of what is stored.</param>
internal readonly unsafe struct GemmOperand(float* data, long stride, bool transposed)
{
    public float* Data { get; } = data;

    public long Stride { get; } = stride;

    public bool Transposed { get; } = transposed;

    /// <summary>The stored matrix itself.</summary>
    public static GemmOperand Of(Tensor x) => new(x.Data, x.Columns, transposed: false);

    /// <summary>The transpose of the stored matrix.</summary>
    public static GemmOperand TransposeOf(Tensor x) => new(x.Data, x.Columns, transposed: true);
}
