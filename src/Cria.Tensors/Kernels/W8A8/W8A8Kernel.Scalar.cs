using Cria.Tensors.Kernels.MatMul;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>The specification, one multiplication at a time.</summary>
internal sealed unsafe class ScalarW8A8Kernel : W8A8Kernel
{
    public override void Run(CpuWeight weight, int firstPanel, int panels, in W8A8Activations x, int* sums, byte* scratch)
    {
        for (int row = 0; row < panels * 16; row++)
        {
            var weights = (sbyte*)weight.Panel(firstPanel + row / 16).Data + row % 16 * weight.RowBytes;
            for (int token = 0; token < x.Tokens; token++)
            {
                int sum = 0;
                for (int column = 0; column < weight.Columns; column++)
                    sum += weights[column] * x.At(token, column - column % W8A8Activations.StretchColumns)[column % W8A8Activations.StretchColumns];
                sums[token * MatMulKernel.TileRows + row] = sum;
            }
        }
    }
}
