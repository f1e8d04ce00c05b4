using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Evaluation;

/// <summary>
/// Measures an importance matrix: runs text through a network, window by window, and sums the squared inputs of every matrix of its layers.
/// A matrix of text like that which the model will see later helps most; a few hundred windows are enough.
/// </summary>
public sealed class ImportanceMeasurement
{
    private readonly ITensorSource source;
    private readonly LlamaConfig config;
    private readonly int[] tokens;
    private readonly int bos;
    private readonly int window;
    private readonly int threads;
    private readonly Dictionary<string, double[]> sums = new(StringComparer.Ordinal);
    private long count;

    /// <summary>Prepares to run <paramref name="text"/>. Throws <see cref="CriaException"/> when it is shorter than one window, or the window longer than the context.</summary>
    /// <param name="source">The model, best not quantized.</param>
    /// <param name="text">The text.</param>
    /// <param name="window">Tokens of a window.</param>
    /// <param name="windows">Most windows to run; null takes the whole text.</param>
    /// <param name="threads">Threads that compute; 0 is one a physical core.</param>
    public ImportanceMeasurement(ITensorSource source, string text, int window = 512, int? windows = null, int threads = 0)
    {
        this.source = source;
        this.window = window;
        this.threads = threads;
        config = LlamaConfig.From(source);
        if (window < 2 || window > config.ContextLength) throw new CriaException($"a window of {window} tokens does not fit the context of {config.ContextLength} of {source.Path}; choose another");
        Tokenizer tokenizer = Tokenizer.FromMetadata(source.Metadata);
        tokens = tokenizer.Encode(text, tokenizer.AddsBos);
        bos = tokenizer.AddsBos ? tokenizer.Bos ?? -1 : -1;
        if (tokens.Length < window) throw new CriaException($"the text has {tokens.Length} tokens, less than one window of {window}; give a longer text or a shorter window");
        Windows = Math.Min(tokens.Length / window, windows ?? int.MaxValue);
    }

    /// <summary>Windows that will be run.</summary>
    public int Windows { get; }

    /// <summary>Runs the text. <paramref name="dataset"/> is the name of the text that the result carries.</summary>
    public ImportanceMatrix Run(string dataset, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        sums.Clear();
        count = 0;
        using var model = new Llama(source, config, new ObservingBackend(CpuBackend.Create(threads), See));
        using KvCache cache = model.CreateCache(window);
        var batch = new Batch();
        for (int i = 0; i < Windows; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] ids = tokens[(i * window)..((i + 1) * window)];
            if (bos >= 0) ids[0] = bos;
            using KvSequence sequence = cache.NewSequence();
            batch.Clear();
            if (!batch.TryAdd(sequence, ids, Logits.None, out _)) throw new CriaException("the key-value cache is full; choose a shorter window");
            model.Forward(batch, cache);
            count += window;
            progress?.Report(i + 1);
        }
        return Result(dataset);
    }

    private ImportanceMatrix Result(string dataset)
    {
        var entries = sums.ToDictionary(entry => entry.Key, entry => new ImportanceEntry(Array.ConvertAll(entry.Value, sum => (float)sum), count), StringComparer.Ordinal);
        return new ImportanceMatrix(source.Path, entries, [dataset], Windows, window);
    }

    private void See(ReadOnlySpan<Weight> weights, ReadOnlySpan<float> input)
    {
        // The output matrix is not asked about: recipes store it better than any importance would.
        if (!weights[0].Name.StartsWith("blk.", StringComparison.Ordinal)) return;
        if (!sums.TryGetValue(weights[0].Name, out double[]? sum))
        {
            sum = new double[input.Length];
            // Matrices with the same input share its sums.
            foreach (Weight weight in weights) sums.Add(weight.Name, sum);
        }
        for (int i = 0; i < sum.Length; i++) sum[i] += (double)input[i] * input[i];
    }
}
