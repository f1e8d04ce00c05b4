namespace Cria.Tensors.Backends;

/// <summary>
/// Computes with another backend and shows the inputs of every weight on the way, so that measuring needs no second forward pass.
/// Disposing it disposes the other.
/// </summary>
/// <param name="inner">What computes.</param>
/// <param name="observe">Gets a weight and its input [tokens, weight.Columns], one row at a time.</param>
public sealed class ObservingBackend(IBackend inner, InputObserver observe) : IBackend
{
    /// <inheritdoc/>
    public Weight Upload(string name, TensorView view) => inner.Upload(name, view);

    /// <inheritdoc/>
    public KvPool CreateKvPool(KvLayout layout, long maxPages) => inner.CreateKvPool(layout, maxPages);

    /// <inheritdoc/>
    public void BeginStep() => inner.BeginStep();

    /// <inheritdoc/>
    public StepScope BeginScope() => inner.BeginScope();

    /// <inheritdoc/>
    public Tensor Embed(Weight table, ReadOnlySpan<int> tokens) => inner.Embed(table, tokens);

    /// <inheritdoc/>
    public Tensor RmsNorm(Tensor x, Weight gain, float epsilon) => inner.RmsNorm(x, gain, epsilon);

    /// <inheritdoc/>
    public Tensor MatMul(Tensor x, Weight w)
    {
        Show(x, w);
        return inner.MatMul(x, w);
    }

    /// <inheritdoc/>
    public (Tensor, Tensor, Tensor) MatMul(Tensor x, Weight w1, Weight w2, Weight w3)
    {
        Show(x, w1, w2, w3);
        return inner.MatMul(x, w1, w2, w3);
    }

    /// <inheritdoc/>
    public Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions) => inner.RopeAngles(inverseFrequencies, magnitude, positions);

    /// <inheritdoc/>
    public Tensor Rope(Tensor x, Tensor angles, int headSize) => inner.Rope(x, angles, headSize);

    /// <inheritdoc/>
    public Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices) => inner.Attention(q, k, v, pool, layer, slices);

    /// <inheritdoc/>
    public Tensor SwiGlu(Tensor x, Weight gate, Weight up)
    {
        Show(x, gate, up);
        return inner.SwiGlu(x, gate, up);
    }

    /// <inheritdoc/>
    public Tensor Add(Tensor x, Tensor y) => inner.Add(x, y);

    /// <inheritdoc/>
    public Tensor Rows(Tensor x, ReadOnlySpan<int> rows) => inner.Rows(x, rows);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Read(Tensor x, int row) => inner.Read(x, row);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    private void Show(Tensor x, params ReadOnlySpan<Weight> weights)
    {
        for (int row = 0; row < x.Rows; row++) observe(weights, inner.Read(x, row));
    }
}

/// <summary>Sees one row of the input that <paramref name="weights"/> share.</summary>
/// <param name="weights">The weights about to be multiplied.</param>
/// <param name="input">One token's input.</param>
public delegate void InputObserver(ReadOnlySpan<Weight> weights, ReadOnlySpan<float> input);
