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

    /// <summary>Multiplies <paramref name="panels"/> (1 or 2) panels with the tiles of so many tokens.</summary>
    public virtual void Run(Int8Call call, Unpacker format, int panels, int tokens)
    {
        for (; tokens > 0; tokens -= TileTokens)
        {
            RunTile(call, format, panels, Math.Min(TileTokens, tokens));
            call.GoOn(TileTokens);
        }
    }

    /// <summary>True when rows of a type that lie side by side are multiplied faster with so many tokens where they are stored than as panels.</summary>
    public virtual bool ReadsStored(TensorType type, int tokens) => false;

    /// <summary>As <see cref="Run"/>, with panels as they are stored.</summary>
    public virtual void RunStored(TensorType type, Int8Call call, Unpacker format, int panels, int tokens) => throw new NotSupportedException();

    /// <summary>Multiplies the panels with the first tokens of one tile.</summary>
    protected abstract void RunTile(in Int8Call call, Unpacker format, int panels, int tokens);
}
