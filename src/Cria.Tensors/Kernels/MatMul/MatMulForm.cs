namespace Cria.Tensors.Kernels.MatMul;

/// <summary>The forms of prepared activations.</summary>
internal enum MatMulForm
{
    /// <summary>Floats in tiles [tile, column, token].</summary>
    Float,
    /// <summary>Bytes with a scale for each 32 columns.</summary>
    Int8,
    /// <summary>Bytes with one scale a token.</summary>
    TokenInt8,
}
