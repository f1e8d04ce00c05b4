using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends.Recording;

/// <summary>A weight in training: floats [rows, columns] and, unless it is frozen, their gradient.</summary>
public sealed unsafe class Parameter : Weight, IDisposable
{
    private readonly NativeBuffer? values, gradient;

    /// <summary>Takes a tensor's values; frozen floats are used where they lie, all else is turned to floats in memory of its own.</summary>
    internal Parameter(string name, TensorView view, bool isFrozen) : base(name, TensorType.F32, checked((int)view.Rows), view.Columns)
    {
        IsFrozen = isFrozen;
        if (isFrozen && view.Type == TensorType.F32) Data = (float*)view.Data;
        else
        {
            values = new NativeBuffer(Count * sizeof(float));
            Data = (float*)values.Data;
            for (int row = 0; row < Rows; row++) view.Decode(row, 1, new Span<float>(Data + (long)row * Columns, Columns));
        }
        if (!isFrozen) gradient = new NativeBuffer(Count * sizeof(float));
    }

    /// <summary>A trainable weight of zeros.</summary>
    internal Parameter(string name, int rows, int columns) : base(name, TensorType.F32, rows, columns)
    {
        values = new NativeBuffer(Count * sizeof(float));
        gradient = new NativeBuffer(Count * sizeof(float));
        Data = (float*)values.Data;
    }

    /// <summary>True when it is not to be learnt.</summary>
    public bool IsFrozen { get; }

    /// <summary>True for a vector: a norm's gain.</summary>
    public bool IsVector => Rows == 1;

    /// <summary>Number of elements.</summary>
    public long Count => (long)Rows * Columns;

    /// <summary>The values of one row: [columns].</summary>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return new Span<float>(Data + (long)row * Columns, Columns);
    }

    /// <summary>The gradient of one row: [columns]; zero before a backward pass.</summary>
    public ReadOnlySpan<float> GradientRow(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return HasGradient ? new ReadOnlySpan<float>(Gradient + (long)row * Columns, Columns) : new float[Columns];
    }

    /// <summary>Values of consecutive rows: [count, columns].</summary>
    public Span<float> Stretch(int firstRow, int count) => Stretch(Data, firstRow, count);

    /// <summary>The gradient of consecutive rows: [count, columns]. Holds nothing of worth before a gradient has flowed; see <see cref="RecordingBackend.CompleteGradients"/>.</summary>
    public Span<float> GradientStretch(int firstRow, int count) => IsFrozen ? throw new InvalidOperationException($"{Name} is frozen and has no gradient") : Stretch(Gradient, firstRow, count);

    /// <summary>Low-rank factors beside this weight, when it is adapted.</summary>
    public LowRankAdapter? Adapter { get; internal set; }

    /// <summary>The values where they lie, valid as long as the backend.</summary>
    public TensorView View => new(TensorType.F32, Rows, Columns, (byte*)Data, Count * sizeof(float));

    internal float* Data { get; }

    internal float* Gradient => (float*)(gradient is null ? null : gradient.Data);

    /// <summary>False until something flowed into <see cref="Gradient"/> since it was last forgotten; then its memory holds nothing of worth.</summary>
    internal bool HasGradient { get; set; }

    internal Tensor Values => new(Data, Rows, Columns);

    private Span<float> Stretch(float* data, int firstRow, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, Rows - count);
        return new Span<float>(data + (long)firstRow * Columns, checked(count * Columns));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        values?.Dispose();
        gradient?.Dispose();
    }
}
