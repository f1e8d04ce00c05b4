using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Attention;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Arguments of the kernels that turn scores into weights; see <see cref="AttentionTile.Weigh"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct WeighCall
{
    /// <summary>Scores of the rows, which become weights: [row, 64].</summary>
    public float* Scores;

    /// <summary>Rows, at least one.</summary>
    public long Rows;

    /// <summary>The largest score of each row so far.</summary>
    public float* Maximums;

    /// <summary>Sums of weights, 16 a row.</summary>
    public float* Sums;

    /// <summary>The factor by which what a row gathered before shrinks.</summary>
    public float* Shrink;
}
