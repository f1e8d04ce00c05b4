using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends.Recording;

/// <summary>The running means of AdamW: two floats a trained weight.</summary>
public sealed unsafe class AdamWState : IDisposable
{
    private readonly NativeBuffer[] means, squares;

    /// <summary>Zero means for the trained weights of a backend, or for a share of their rows.</summary>
    public AdamWState(RecordingBackend backend, double beta1, double beta2, double epsilon, double weightDecay, RankShare? share = null)
    {
        (Beta1, Beta2, Epsilon, WeightDecay) = (beta1, beta2, epsilon, weightDecay);
        Share = share ?? RankShare.Whole;
        Parameters = [.. backend.Parameters.Where(parameter => !parameter.IsFrozen)];
        means = [.. Parameters.Select(Room)];
        squares = [.. Parameters.Select(Room)];
    }

    /// <summary>The rows whose means are kept here.</summary>
    public RankShare Share { get; }

    /// <summary>Bytes of the means.</summary>
    public long ByteCount => means.Sum(buffer => buffer.ByteCount) + squares.Sum(buffer => buffer.ByteCount);

    /// <summary>Share of the mean gradient kept at each step.</summary>
    public double Beta1 { get; }

    /// <summary>Share of the mean squared gradient kept at each step.</summary>
    public double Beta2 { get; }

    /// <summary>What keeps the quotient finite.</summary>
    public double Epsilon { get; }

    /// <summary>Decay of matrices; norms' gains do not decay.</summary>
    public double WeightDecay { get; }

    /// <summary>Steps taken.</summary>
    public long StepCount { get; set; }

    /// <summary>The weights that learn.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The mean gradients of this share's rows of a weight: [rows, columns].</summary>
    public Span<float> Mean(int parameter) => Values(means[parameter], Parameters[parameter]);

    /// <summary>The mean squared gradients of this share's rows of a weight: [rows, columns].</summary>
    public Span<float> Square(int parameter) => Values(squares[parameter], Parameters[parameter]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in means) buffer.Dispose();
        foreach (NativeBuffer buffer in squares) buffer.Dispose();
    }

    internal float* MeanData(int parameter) => (float*)means[parameter].Data;

    internal float* SquareData(int parameter) => (float*)squares[parameter].Data;

    private NativeBuffer Room(Parameter parameter) => new((long)Share.RowsOf(parameter.Rows).Count * parameter.Columns * sizeof(float));

    private Span<float> Values(NativeBuffer buffer, Parameter parameter) => new((float*)buffer.Data, checked(Share.RowsOf(parameter.Rows).Count * parameter.Columns));
}
