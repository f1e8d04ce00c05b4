using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends.Recording;

/// <summary>
/// The backend to learn with: computes in floats on the CPU, writes down every operation of a step, and walks back over them. Weights are copied to floats and belong to it.
/// A step is <see cref="IBackend.BeginStep"/>, the model's forward pass, <see cref="CrossEntropy"/> and <see cref="Backward"/>; gradients of weights add up over steps until
/// <see cref="ForgetGradients"/>. Attention stays inside each slice of the batch, which must begin at position 0, or with <see cref="Ranks"/> inside the documents of
/// <see cref="Spans"/>; no cache is used. Not thread-safe.
/// </summary>
public abstract class RecordingBackend : IBackend
{
    private readonly List<Parameter> parameters = [];
    private readonly Func<string, bool> isTrained;

    private protected RecordingBackend(RecordingOptions options)
    {
        isTrained = options.IsTrained;
        ThreadCount = options.Threads;
        Ranks = options.Ranks;
    }

    /// <summary>Threads a step runs on.</summary>
    public int ThreadCount { get; }

    /// <summary>True when factors of matrix products are rounded to bfloat16.</summary>
    public abstract bool RoundsToBrain { get; }

    /// <summary>The ranks that share each sequence; null where there is but one.</summary>
    public ISequenceRanks? Ranks { get; }

    /// <summary>With <see cref="Ranks"/>, what each place of the ring holds in this step, documents in the order of their numbers and positions. To be set before the forward pass.</summary>
    public IReadOnlyList<IReadOnlyList<SequenceSpan>> Spans { get; set; } = [];

    /// <summary>Blocks of 64 queries × 64 keys of one head that attention computed so far, forward and backward.</summary>
    public abstract long AttentionBlockCount { get; }

    /// <summary>Bytes held for activations, gradients of activations and packed factors.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>All weights, in the order of their upload, adapters after them.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Off for evaluation: nothing is written down.</summary>
    public bool IsRecording { get; set; } = true;

    /// <summary>Numbers the step for dropout, so that a step can be repeated.</summary>
    public int DropoutSeed { get; set; }

    /// <summary>A backend at the process's CPU level.</summary>
    public static RecordingBackend Create(RecordingOptions options) => Create(options, Cpu.Level);

    internal static RecordingBackend Create(RecordingOptions options, CpuLevel level)
    {
        if (options.Threads is < 0 or > 1024) throw new CriaException($"{options.Threads} threads cannot be used; choose 1 to 1024, or 0 for one a physical core");
        if (options.Threads == 0) options = options with { Threads = CpuTopology.PhysicalCores };
        return level switch
        {
            CpuLevel.Portable => new RecordingBackend<Lanes128>(options, level),
            CpuLevel.Avx2 => new RecordingBackend<Lanes256>(options, level),
            _ => new RecordingBackend<Lanes512>(options, level),
        };
    }

    /// <inheritdoc/>
    public Weight Upload(string name, TensorView view)
    {
        if (view.Columns % 16 != 0) throw new CriaException($"tensor {name} has rows of {view.Columns} elements; training needs a multiple of 16");
        var parameter = new Parameter(name, view, isFrozen: !isTrained(name));
        parameters.Add(parameter);
        return parameter;
    }

    /// <summary>
    /// Puts low-rank factors beside a weight, to be learnt: <c>NAME.lora_a</c> [rank, columns] and <c>NAME.lora_b</c> [rows, rank], both zero until they are set.
    /// The rank is rounded up to a multiple of 16; factors beyond it are zero and, as their gradients are, stay so.
    /// </summary>
    public LowRankAdapter Adapt(Parameter weight, int rank, float scale, float dropout)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        int padded = (rank + 15) & ~15;
        var adapter = new LowRankAdapter(new Parameter(weight.Name + ".lora_a", padded, weight.Columns), new Parameter(weight.Name + ".lora_b", weight.Rows, padded), rank, scale, dropout);
        parameters.Add(adapter.Down);
        parameters.Add(adapter.Up);
        weight.Adapter = adapter;
        return adapter;
    }

    /// <summary>
    /// The sum of −log softmax(x · outputᵀ)[target] over rows whose target is not negative; logits exist for a few rows at a time only.
    /// While recording, the gradient of <paramref name="scale"/> times that sum flows into x and the output weight.
    /// </summary>
    public abstract double CrossEntropy(Tensor x, Weight output, ReadOnlySpan<int> targets, float scale);

    /// <summary>Walks back over the step; gradients add up in the weights.</summary>
    public abstract void Backward();

    /// <summary>Makes all gradients of weights zero.</summary>
    public void ForgetGradients()
    {
        foreach (Parameter parameter in parameters) parameter.HasGradient = false;
    }

    /// <summary>√Σ g² over the gradients of all weights, summed in double in a fixed order.</summary>
    public double GradientNorm() => Math.Sqrt(SquaredGradient(RankShare.Whole));

    /// <summary>Σ g² over a share of the rows of all weights.</summary>
    public abstract double SquaredGradient(RankShare share);

    /// <summary>Gives every weight that learns a gradient: zeros where nothing has flowed.</summary>
    public abstract void CompleteGradients();

    /// <summary>One step of AdamW with decay on matrices only; gradients are multiplied by <paramref name="gradientScale"/> first.</summary>
    public abstract void Step(AdamWState state, double learningRate, double gradientScale);

    /// <inheritdoc/>
    public KvPool CreateKvPool(KvLayout layout, long maxPages) => new(layout, maxPages);

    /// <inheritdoc/>
    public abstract void BeginStep();

    /// <inheritdoc/>
    public abstract StepScope BeginScope();

    /// <summary>Called at the end of a scope.</summary>
    internal abstract void EndScope();

    /// <inheritdoc/>
    public abstract Tensor Embed(Weight table, ReadOnlySpan<int> tokens);

    /// <inheritdoc/>
    public abstract Tensor RmsNorm(Tensor x, Weight gain, float epsilon);

    /// <inheritdoc/>
    public abstract Tensor MatMul(Tensor x, Weight w);

    /// <inheritdoc/>
    public (Tensor, Tensor, Tensor) MatMul(Tensor x, Weight w1, Weight w2, Weight w3) => (MatMul(x, w1), MatMul(x, w2), MatMul(x, w3));

    /// <inheritdoc/>
    public abstract Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions);

    /// <inheritdoc/>
    public abstract Tensor Rope(Tensor x, Tensor angles, int headSize);

    /// <inheritdoc/>
    public abstract Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices);

    /// <inheritdoc/>
    public abstract Tensor SwiGlu(Tensor x, Weight gate, Weight up);

    /// <inheritdoc/>
    public abstract Tensor Add(Tensor x, Tensor y);

    /// <inheritdoc/>
    public abstract Tensor Rows(Tensor x, ReadOnlySpan<int> rows);

    /// <inheritdoc/>
    public abstract ReadOnlySpan<float> Read(Tensor x, int row);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Frees the weights.</summary>
    private protected void DisposeParameters()
    {
        foreach (Parameter parameter in parameters) parameter.Dispose();
        parameters.Clear();
    }
}
