using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.W8A8;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// Weights of 8 bits with one scale a row, times activations of 8 bits with one scale a token: y = float(Σ w·x) · (rowScale · tokenScale), rounded after each product.
/// </summary>
internal sealed unsafe class W8A8MatMul(W8A8Kernel product) : MatMulKernel
{
    /// <summary>The product of this CPU level.</summary>
    public W8A8Kernel Product { get; } = product;

    public override MatMulForm Form => MatMulForm.TokenInt8;

    public override int MaxColumns => W8A8Kernel.MaxColumns;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch)
    {
        Product.Run(weight, firstPanel, panels, x.WholeTokens, (int*)tile, scratch);
        float* rowScales = weight.RowScales + firstPanel * 16;
        for (int token = 0; token < x.Tokens; token++)
        {
            float* row = tile + (long)token * TileRows;
            Vector512<float> scale = Vector512.Create(x.WholeTokens.Scales[token]);
            for (int i = 0; i < panels * 16; i += 16)
                (Vector512.ConvertToSingle(Vector512.Load((int*)row + i)) * (Vector512.Load(rowScales + i) * scale)).Store(row + i);
        }
    }
}
