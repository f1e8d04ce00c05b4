using System.Runtime.InteropServices;
using Cria.Tensors.Backends;

namespace Cria.Models;

/// <summary>
/// The tokens of one step: consecutive tokens of one sequence or of many. Reused from step to step; building one allocates nothing once it has grown.
/// </summary>
public sealed class Batch
{
    private readonly List<int> tokens = [];
    private readonly List<long> positions = [];
    private readonly List<int> outputs = [];
    private readonly List<int> featureRows = [];
    private readonly List<int> adapters = [];
    private readonly List<int> outputAdapters = [];
    private readonly List<AttentionSlice> slices = [];
    private readonly List<KvSequence> sequences = [];

    /// <summary>Number of tokens.</summary>
    public int TokenCount => tokens.Count;

    /// <summary>Number of rows of logits the step gives.</summary>
    public int OutputCount => outputs.Count;

    internal ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(tokens);

    internal ReadOnlySpan<long> Positions => CollectionsMarshal.AsSpan(positions);

    internal ReadOnlySpan<int> Outputs => CollectionsMarshal.AsSpan(outputs);

    internal ReadOnlySpan<int> FeatureRows => CollectionsMarshal.AsSpan(featureRows);

    /// <summary>The adapter of each token's sequence.</summary>
    internal ReadOnlySpan<int> Adapters => CollectionsMarshal.AsSpan(adapters);

    /// <summary>The adapter of each output's sequence.</summary>
    internal ReadOnlySpan<int> OutputAdapters => CollectionsMarshal.AsSpan(outputAdapters);

    internal ReadOnlySpan<AttentionSlice> Slices => CollectionsMarshal.AsSpan(slices);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        tokens.Clear();
        positions.Clear();
        outputs.Clear();
        featureRows.Clear();
        adapters.Clear();
        outputAdapters.Clear();
        slices.Clear();
        sequences.Clear();
    }

    /// <summary>
    /// Adds the next tokens of a sequence, which may stand in a batch once. The pages they need are taken now: false, and nothing added, when the cache is full.
    /// Returns in <paramref name="firstOutput"/> the number of the first row of logits, or of features, asked for.
    /// </summary>
    public bool TryAdd(KvSequence sequence, ReadOnlySpan<int> next, Logits logits, out int firstOutput)
    {
        firstOutput = logits == Logits.Features ? featureRows.Count : outputs.Count;
        if (next.IsEmpty) throw new ArgumentException("no tokens", nameof(next));
        if (sequences.Contains(sequence)) throw new ArgumentException("a sequence can stand in a batch once", nameof(sequence));
        if (!sequence.TryReserve(sequence.Length + next.Length)) return false;
        int row = tokens.Count;
        slices.Add(new AttentionSlice(row, next.Length, sequence.Length, sequence.Pages));
        sequences.Add(sequence);
        for (int i = 0; i < next.Length; i++)
        {
            tokens.Add(next[i]);
            positions.Add(sequence.Length + i);
            adapters.Add(sequence.Adapter);
            if (logits == Logits.All || (logits == Logits.Last && i == next.Length - 1))
            {
                outputs.Add(row + i);
                outputAdapters.Add(sequence.Adapter);
            }
            else if (logits == Logits.Features) featureRows.Add(row + i);
        }
        return true;
    }

    /// <summary>
    /// Adds a document to learn from: tokens at positions from 0 that attend to each other alone and leave nothing in a cache. Logits are asked for after each token whose
    /// entry in <paramref name="targets"/> is not negative.
    /// </summary>
    internal void AddDocument(ReadOnlySpan<int> document, ReadOnlySpan<int> targets)
    {
        int row = tokens.Count;
        slices.Add(new AttentionSlice(row, document.Length, 0, []));
        for (int i = 0; i < document.Length; i++)
        {
            tokens.Add(document[i]);
            positions.Add(i);
            if (targets[i] >= 0) outputs.Add(row + i);
        }
    }

    /// <summary>
    /// Adds this rank's rows of documents that several ranks share: which keys each row meets is the backend's to know. Logits are asked for after each token whose target is not negative,
    /// and after the first where there is none, because every rank takes the way back.
    /// </summary>
    internal void AddShard(ReadOnlySpan<int> shard, ReadOnlySpan<long> at, ReadOnlySpan<int> targets)
    {
        tokens.AddRange(shard);
        positions.AddRange(at);
        for (int i = 0; i < targets.Length; i++)
            if (targets[i] >= 0) outputs.Add(i);
        if (outputs.Count == 0) outputs.Add(0);
    }

    /// <summary>Marks the tokens as cached; called by the model when the step is done.</summary>
    internal void Commit()
    {
        for (int i = 0; i < sequences.Count; i++) sequences[i].Append(CollectionsMarshal.AsSpan(tokens).Slice(slices[i].Row, slices[i].Count));
    }
}
