using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends.Recording;

/// <summary>The running means of AdamW: two floats a trained weight.</summary>
public sealed unsafe class AdamWState : IDisposable
{
    private readonly NativeBuffer[] means, squares;

    /// <summary>Zero means for the trained weights of a backend.</summary>
    public AdamWState(RecordingBackend backend, double beta1, double beta2, double epsilon, double weightDecay)
    {
        (Beta1, Beta2, Epsilon, WeightDecay) = (beta1, beta2, epsilon, weightDecay);
        Parameters = [.. backend.Parameters.Where(parameter => !parameter.IsFrozen)];
        means = [.. Parameters.Select(parameter => new NativeBuffer(parameter.Count * sizeof(float)))];
        squares = [.. Parameters.Select(parameter => new NativeBuffer(parameter.Count * sizeof(float)))];
    }

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

    /// <summary>The mean gradient of one row of a weight.</summary>
    public Span<float> Mean(int parameter, int row) => Row(means[parameter], Parameters[parameter], row);

    /// <summary>The mean squared gradient of one row of a weight.</summary>
    public Span<float> Square(int parameter, int row) => Row(squares[parameter], Parameters[parameter], row);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in means) buffer.Dispose();
        foreach (NativeBuffer buffer in squares) buffer.Dispose();
    }

    internal float* MeanData(int parameter) => (float*)means[parameter].Data;

    internal float* SquareData(int parameter) => (float*)squares[parameter].Data;

    private static Span<float> Row(NativeBuffer buffer, Parameter parameter, int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)parameter.Rows, nameof(row));
        return new Span<float>((float*)buffer.Data + (long)row * parameter.Columns, parameter.Columns);
    }
}
