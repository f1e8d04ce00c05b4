namespace Cria.Tensors.Backends;

/// <summary>
/// The numbers a model is made of. Weights are opaque once uploaded, and only <see cref="Read"/> waits for a result, so a backend may record.
/// Every result depends on its own row's inputs alone: never on the other rows of the batch, on how a prompt was cut, or on the number of threads.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>Takes a weight over. The view's memory must outlive the backend, which may use it in place.</summary>
    Weight Upload(string name, TensorView view);

    /// <summary>
    /// Adds low-rank factors to a weight (arXiv 2106.09685): from now on every product with it is x · wᵀ + (x · downᵀ) · upᵀ, and a weight may have several pairs.
    /// The factors are copied: <paramref name="down"/> [rank, columns], <paramref name="up"/> [rows, rank]. Those of a <paramref name="set"/> other than 0 count only in
    /// rows that <see cref="ChooseAdapters"/> gives to it.
    /// </summary>
    void Adapt(Weight weight, int rank, ReadOnlySpan<float> down, ReadOnlySpan<float> up, int set = 0) => throw new NotSupportedException("this backend takes no adapters");

    /// <summary>Says, for each row of the inputs of the products that follow, which set of factors it takes besides set 0; 0 is none. Holds until it is said again.</summary>
    void ChooseAdapters(ReadOnlySpan<int> sets)
    {
    }

    /// <summary>Makes room for the keys and values of sequences, <paramref name="maxPages"/> pages at most.</summary>
    KvPool CreateKvPool(KvLayout layout, long maxPages);

    /// <summary>Waits until all that goes on beside steps, such as moving weights to better memory, is done: for measurements.</summary>
    void Settle()
    {
    }

    /// <summary>Begins a step: every tensor of the step before is gone.</summary>
    void BeginStep();

    /// <summary>Begins a scope: tensors made inside are gone when it is disposed.</summary>
    StepScope BeginScope();

    /// <summary>Rows of the table: [tokens, columns].</summary>
    Tensor Embed(Weight table, ReadOnlySpan<int> tokens);

    /// <summary>x / sqrt(mean(x²) + ε) · gain, for each row.</summary>
    Tensor RmsNorm(Tensor x, Weight gain, float epsilon);

    /// <summary>x · wᵀ: [tokens, w.Rows].</summary>
    Tensor MatMul(Tensor x, Weight w);

    /// <summary>Three products of the same input, prepared once.</summary>
    (Tensor, Tensor, Tensor) MatMul(Tensor x, Weight w1, Weight w2, Weight w3);

    /// <summary>Cosines and sines of position · frequency, times <paramref name="magnitude"/>: [tokens, 2 · frequencies], cosine then sine of each pair. Angles are computed in double.</summary>
    Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions);

    /// <summary>Rotates each pair (2i, 2i+1) of every head by its angle. May reuse the memory of <paramref name="x"/>, which is then gone.</summary>
    Tensor Rope(Tensor x, Tensor angles, int headSize);

    /// <summary>
    /// Stores keys and values [tokens, kvHeads · headSize] in the pool, then softmax(q·kᵀ/√headSize)·v over each sequence's own past: [tokens, heads · headSize].
    /// Computed block by block; no tokens × context matrix exists.
    /// </summary>
    Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices);

    /// <summary>
    /// g · sigmoid(g) · u with g = x · gateᵀ and u = x · upᵀ: [tokens, gate.Rows]. One operation, so that g and u, the largest tensors of a step, never reach memory.
    /// </summary>
    Tensor SwiGlu(Tensor x, Weight gate, Weight up);

    /// <summary>x + y. May reuse the memory of <paramref name="x"/>, which is then gone.</summary>
    Tensor Add(Tensor x, Tensor y);

    /// <summary>The given rows, in that order.</summary>
    Tensor Rows(Tensor x, ReadOnlySpan<int> rows);

    /// <summary>The values of one row, when they are ready; valid until the next step.</summary>
    ReadOnlySpan<float> Read(Tensor x, int row);
}
