using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Attention;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Which products of a tile an assembled kernel computes; see <see cref="AttentionTile"/> and <see cref="IntegerTile"/>, whose bits it gives.</summary>
internal enum TileKind
{
    /// <summary>Scores of floats.</summary>
    Scores,
    /// <summary>Weighted values of floats.</summary>
    Values,
    /// <summary>Scores of pairs of 16-bit integers, block after block.</summary>
    PairScores,
    /// <summary>Weighted values of pairs, of one block.</summary>
    PairValues,
    /// <summary>Products of floats as of scores, added to what the sums hold; see <see cref="Float.FloatKernel"/>.</summary>
    Products,
    /// <summary>Scores over keys of F16.</summary>
    HalfScores,
    /// <summary>Weighted values of F16.</summary>
    HalfValues,
    /// <summary>Scores of pairs over keys of Q8_0, sixteen positions side by side.</summary>
    ByteScores,
    /// <summary>Weighted values of pairs, of one block of Q8_0.</summary>
    ByteValues,
    /// <summary>Scores of pairs over keys of Q4_0, sixteen positions side by side.</summary>
    NibbleScores,
    /// <summary>Weighted values of pairs, of the first half of a block of Q4_0: one group.</summary>
    LowNibbleValues,
    /// <summary>The same of its second half.</summary>
    HighNibbleValues,
    /// <summary>Scores of quads of bytes, block after block. Where quads are not multiplied at once, numbers are pairs for the even and the odd bytes of each in turn.</summary>
    QuadScores,
    /// <summary>Weighted values of quads, of one block.</summary>
    QuadValues,
}

/// <summary>Arguments of an assembled kernel.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>16 lanes a step: keys or values.</summary>
    public void* Lanes;

    /// <summary>Bytes from one step's lanes to the next.</summary>
    public long LaneBytes;

    /// <summary>One number a row and step: queries or weights.</summary>
    public void* Numbers;

    /// <summary>Steps; of one block for scores of pairs and quads.</summary>
    public long Steps;

    /// <summary>Groups of 16 positions or features, one after another.</summary>
    public long Groups;

    /// <summary>Blocks; only for scores of pairs and quads.</summary>
    public long Blocks;

    /// <summary>Results, 16 a row.</summary>
    public float* Sums;

    /// <summary>Bytes from one row's results to the next.</summary>
    public long SumBytes;

    /// <summary>A factor a row on what the results were before.</summary>
    public float* Shrink;

    /// <summary>A factor a row on the integer sums; with scores of quads also what they begin with, behind each block's factors.</summary>
    public float* RowScales;

    /// <summary>Memory to ask for.</summary>
    public byte* Ahead;

    /// <summary>Bytes to ask for at each step; with 0 nothing is asked for, since asking costs something even for what is near.</summary>
    public long AheadBytes;
}
