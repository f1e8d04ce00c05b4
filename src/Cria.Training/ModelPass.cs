using System.Runtime.InteropServices;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Training.Data;
using Cria.Training.Ranks;

namespace Cria.Training;

/// <summary>Runs the model's own forward pass over batches of documents and computes the loss.</summary>
/// <param name="model">The network, loaded on <paramref name="backend"/>.</param>
/// <param name="backend">What it was loaded on.</param>
/// <param name="ranks">The ranks that share each batch, if any; <paramref name="backend"/> has the same.</param>
public sealed class ModelPass(Llama model, RecordingBackend backend, TrainingRanks? ranks = null)
{
    private readonly SequenceShard? shard = ranks is null ? null : new SequenceShard(ranks.Layout, ranks.Rank);
    private readonly Batch step = new();
    // No page is ever taken from it: documents attend to themselves.
    private readonly KvCache cache = model.CreateCache(0, TensorType.F32);
    private readonly List<int> targets = [];

    /// <summary>Tokens after which something is to be learnt.</summary>
    public static int CountTargets(TrainingBatch batch)
    {
        int count = 0;
        foreach (DocumentSpan document in batch.Documents)
        {
            foreach (int target in batch.Targets.AsSpan(document.Start, document.Count)) if (target >= 0) count++;
        }
        return count;
    }

    /// <summary>
    /// The sum of the losses after each token that has a target; with several ranks after this one's tokens. While the backend records, the gradient of that sum divided by <paramref name="divisor"/> is ready for its backward pass.
    /// </summary>
    public double Run(TrainingBatch batch, long divisor)
    {
        step.Clear();
        targets.Clear();
        if (shard is not null) AddShard(batch, shard);
        else AddDocuments(batch);
        Tensor features = model.Features(step, cache);
        return backend.CrossEntropy(features, model.Output, CollectionsMarshal.AsSpan(targets), 1f / divisor);
    }

    private void AddShard(TrainingBatch batch, SequenceShard part)
    {
        part.Fill(batch);
        backend.Spans = part.Spans;
        step.AddShard(CollectionsMarshal.AsSpan(part.Tokens), CollectionsMarshal.AsSpan(part.Positions), CollectionsMarshal.AsSpan(part.Targets));
        foreach (int goal in part.Targets) if (goal >= 0) targets.Add(goal);
        if (targets.Count == 0) targets.Add(TrainingBatch.Ignored);
    }

    private void AddDocuments(TrainingBatch batch)
    {
        foreach (DocumentSpan document in batch.Documents)
        {
            ReadOnlySpan<int> goals = batch.Targets.AsSpan(document.Start, document.Count);
            step.AddDocument(batch.Tokens.AsSpan(document.Start, document.Count), goals);
            foreach (int goal in goals) if (goal >= 0) targets.Add(goal);
        }
    }
}
