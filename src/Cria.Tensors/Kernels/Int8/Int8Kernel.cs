using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 matrix product of one CPU level. Every level computes the same bits: for each row and token, blocks in order, within a block its groups in order,
/// <c>y = fma((float)Σ w·x, weightScale · xScale, y)</c> and, for formats with minimums, then <c>y = fma(−minimum, xSum, y)</c>. Integer sums are exact.
/// </summary>
internal abstract unsafe class Int8Kernel
{
    /// <summary>Tokens of a tile: the stride of the activations.</summary>
    public abstract int TileTokens { get; }

    /// <summary>True when the kernel reads panels of this format as signed bytes.</summary>
    public abstract bool ReadsSigned(Unpacker format);

    /// <summary>
    /// Runs one call over <paramref name="panels"/> (1 or 2) panels and the first <paramref name="tokens"/> tokens of the tile.
    /// </summary>
    public abstract void Run(in Int8Call call, Unpacker format, int panels, int tokens);
}
