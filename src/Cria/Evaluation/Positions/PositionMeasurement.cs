using Cria.Generation;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Evaluation.Positions;

/// <summary>
/// Measures how well long documents are foreseen at each position: a model that does not reach so far shows a loss that climbs where its context ends. Rotary frequencies may be
/// exchanged between runs; the weights are loaded once. Not thread-safe.
/// </summary>
public sealed class PositionMeasurement : IDisposable
{
    private const int Chunk = 512;
    private const long LogitBytes = 64 << 20;

    private readonly Llama model;
    private readonly KvCache cache;
    private readonly IReadOnlyList<int[]> documents;
    private readonly int length;
    private readonly int stretches;
    private readonly Batch batch = new();

    /// <summary>Loads the model's weights. The source must outlive this.</summary>
    /// <param name="source">The model.</param>
    /// <param name="documents">Tokens of the documents, all equally many, see <see cref="LongDocuments"/>.</param>
    /// <param name="stretches">Into how many stretches of equal length the positions are cut.</param>
    /// <param name="threads">Threads that compute; 0 is one a physical core.</param>
    /// <exception cref="CriaException">The documents are shorter than two tokens a stretch, or there is no memory for the keys and values.</exception>
    public PositionMeasurement(ITensorSource source, IReadOnlyList<int[]> documents, int stretches = 16, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(documents);
        length = documents[0].Length;
        if (documents.Any(document => document.Length != length)) throw new ArgumentException("documents of different lengths", nameof(documents));
        if (stretches < 1 || length - 1 < 2 * stretches) throw new CriaException($"{length} tokens cannot be cut into {stretches} stretches; choose fewer or a longer context");
        this.documents = documents;
        this.stretches = stretches;
        LlamaConfig config = LlamaConfig.From(source);
        model = new Llama(source, config with { ContextLength = Math.Max(length, config.ContextLength) }, CpuBackend.Create(threads));
        cache = model.CreateCache(length);
    }

    /// <summary>The rotary frequencies that the next run uses; at first the model's own.</summary>
    public RopeFrequencies Rope
    {
        get => model.Rope;
        set => model.Rope = value;
    }

    /// <summary>Tokens that one run foresees.</summary>
    public long TokenCount => (long)documents.Count * (length - 1);

    /// <summary>Measures all documents. <paramref name="progress"/> hears how many tokens are done.</summary>
    public PositionLosses Run(IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var sums = new double[stretches];
        var ends = new int[stretches];
        for (int i = 0; i < stretches; i++) ends[i] = (int)((long)(length - 1) * (i + 1) / stretches);
        var means = new Moments();
        long done = 0;
        int step = (int)Math.Clamp(LogitBytes / sizeof(float) / model.Config.VocabularySize, 1, Chunk);
        foreach (int[] document in documents)
        {
            double sum = 0;
            int stretch = 0;
            using KvSequence sequence = cache.NewSequence();
            for (int first = 0; first < length - 1; first += step)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(step, length - 1 - first);
                batch.Clear();
                if (!batch.TryAdd(sequence, document.AsSpan(first, count), Logits.All, out int row)) throw new CriaException("the key-value cache is full; choose a shorter context");
                Tensor output = model.Forward(batch, cache);
                for (int i = 0; i < count; i++)
                {
                    while (first + i >= ends[stretch]) stretch++;
                    double loss = LogitScan.Loss(model.Read(output, row + i), document[first + i + 1]);
                    sums[stretch] += loss;
                    sum += loss;
                }
                progress?.Report(done += count);
            }
            means.Add(sum / (length - 1), 0);
        }
        var losses = new PositionLoss[stretches];
        for (int i = 0; i < stretches; i++)
        {
            int from = i == 0 ? 0 : ends[i - 1];
            losses[i] = new PositionLoss(from, ends[i], sums[i] / ((double)(ends[i] - from) * documents.Count));
        }
        return new PositionLosses(losses, means.First, documents.Count, TokenCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        model.Dispose();
    }
}
