using System.Globalization;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Training.Checkpoints;
using Cria.Training.Data;
using Cria.Training.Ranks;

namespace Cria.Training;

/// <summary>
/// Trains a model, step by step. A step is a function of the weights, the optimizer's means, the step's number and the place in the data alone; all of that is in
/// a checkpoint, so a resumed run gives the same losses bit for bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Llama model;
    private readonly RecordingBackend backend;
    private readonly IBatchSource data;
    private readonly IBatchSource? validation;
    private readonly TrainingOptions options;
    private readonly TrainingRanks? ranks;
    private readonly ModelPass pass;
    private readonly AdamWState optimizer;
    private readonly TrainingBatch[] batches;
    private readonly TrainingBatch validationBatch;
    private double usualLoss = double.NaN;

    /// <summary>
    /// Prepares a run. The model must be loaded on <paramref name="backend"/>; <paramref name="validation"/> is a source of one pass, or null. Where <paramref name="ranks"/> share the work,
    /// each has a trainer with the same model, data and options, and all call the same methods; batches and their losses are those of all ranks together.
    /// </summary>
    public Trainer(Llama model, RecordingBackend backend, IBatchSource data, IBatchSource? validation, TrainingOptions options, TrainingRanks? ranks = null)
    {
        options.Check();
        if (options.RowLength > model.Config.ContextLength)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"rows of {options.RowLength} tokens are longer than the model's context of {model.Config.ContextLength}; choose shorter rows, or a model with a longer context"));
        ranks?.Layout.Check(options.BatchRows, options.RowLength, model.Config.KeyValueHeadCount);
        (this.model, this.backend, this.data, this.validation, this.options, this.ranks) = (model, backend, data, validation, options, ranks);
        pass = new ModelPass(model, backend, ranks);
        optimizer = new AdamWState(backend, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, ranks?.Share);
        batches = [.. Enumerable.Range(0, options.Accumulation).Select(_ => new TrainingBatch(options.BatchRows, options.RowLength))];
        validationBatch = new TrainingBatch(options.BatchRows, options.RowLength);
    }

    /// <summary>Steps done.</summary>
    public long StepCount { get; private set; }

    /// <summary>Tokens computed so far.</summary>
    public long TokenCount { get; private set; }

    /// <summary>The place in the data.</summary>
    public DataCursor Cursor => data.Cursor;

    /// <summary>
    /// Bytes that training holds: values, gradients and two means of every trained weight (16 bytes; of the means this rank's share), frozen weights (4, or none of their own where the
    /// file has floats), and what the largest batch so far needed for activations and packed factors. <see cref="TrainingMemory"/> foretells it.
    /// </summary>
    public long MemoryBytes => backend.Parameters.Sum(parameter => parameter.Count * (parameter.IsFrozen ? 4L : 8L)) + optimizer.ByteCount + backend.ScratchBytes;

    /// <summary>
    /// Operations a token, forward and backward: 6 an element of a matrix that takes part in a product (4 where it is frozen), and for attention 6 a layer, feature of the heads and position of
    /// a document (causal: half the square).
    /// </summary>
    public double OperationsPerToken(double meanDocumentLength)
    {
        LlamaConfig config = model.Config;
        double matrices = backend.Parameters.Where(parameter => !parameter.IsVector && (parameter.Name != "token_embd.weight" || ReferenceEquals(parameter, model.Output))).Sum(parameter => (parameter.IsFrozen ? 4.0 : 6) * parameter.Count);
        return matrices + 6.0 * config.LayerCount * config.HeadCount * config.HeadSize * meanDocumentLength;
    }

    /// <summary>
    /// Does the next step. Throws <see cref="CriaException"/>, before weights are changed, when the loss or the gradient is no number or the loss has exploded.
    /// </summary>
    public TrainingStep Step()
    {
        long targets = 0, tokens = 0;
        foreach (TrainingBatch batch in batches)
        {
            data.Next(batch);
            targets += ModelPass.CountTargets(batch);
            tokens += batch.TokenCount;
        }
        double loss = 0, norm = 0, rate = options.RateOf(StepCount);
        if (targets > 0)
        {
            backend.ForgetGradients();
            for (int i = 0; i < batches.Length; i++)
            {
                if (ModelPass.CountTargets(batches[i]) == 0) continue;
                backend.DropoutSeed = unchecked((int)(options.Seed * 0x9E3779B97F4A7C15UL >> 33) + (int)(StepCount * batches.Length + i) + 7919 * (ranks?.Rank ?? 0));
                loss += pass.Run(batches[i], targets);
                backend.Backward();
            }
            (loss, norm) = Gather(loss);
            loss /= targets;
            Watch(loss, norm);
            backend.Step(optimizer, rate, options.ClipNorm > 0 && norm > options.ClipNorm ? options.ClipNorm / norm : 1);
            ranks?.ShareWeights(optimizer.Parameters);
        }
        StepCount++;
        TokenCount += tokens;
        return new TrainingStep(StepCount, loss, rate, norm, tokens, targets);
    }

    /// <summary>The mean loss of a learnt token over the validation data, in nats; null without such data or when cancelled.</summary>
    public double? Evaluate(CancellationToken cancellationToken = default)
    {
        if (validation is null) return null;
        validation.Cursor = default;
        backend.IsRecording = false;
        try
        {
            double loss = 0;
            long targets = 0;
            while (validation.Next(validationBatch))
            {
                if (ranks?.Any(cancellationToken.IsCancellationRequested) ?? cancellationToken.IsCancellationRequested) return null;
                int count = ModelPass.CountTargets(validationBatch);
                if (count == 0) continue;
                loss += pass.Run(validationBatch, 1);
                targets += count;
            }
            if (ranks is not null)
            {
                Span<double> sum = [loss];
                ranks.Sum(sum);
                loss = sum[0];
            }
            return targets == 0 ? null : loss / targets;
        }
        finally
        {
            backend.IsRecording = true;
        }
    }

    /// <summary>Writes weights, optimizer, step and place in the data to one file, which appears when it is whole. All ranks call it, the first one writes.</summary>
    public void Save(string path) => Checkpoint.Write(path, new CheckpointState(StepCount, TokenCount, optimizer.StepCount, data.Cursor, options.Seed, usualLoss, data.Identity), optimizer, ranks);

    /// <summary>Goes on from a checkpoint of the same model and data, whatever the number of ranks it was made with. Throws <see cref="CriaException"/> when it does not fit.</summary>
    public void Load(string path)
    {
        CheckpointState state = Checkpoint.ReadState(path);
        if (state.Data is not null && data.Identity is not null && state.Data != data.Identity)
            throw new CriaException($"{path} was made from other documents, or rows of another length; give the same data and length to go on, or begin a new run from its model");
        if (state.Seed != options.Seed) throw new CriaException($"{path} was made with seed {state.Seed}, not {options.Seed}; give --seed {state.Seed} to go on");
        Checkpoint.Read(path, optimizer);
        (StepCount, TokenCount, usualLoss) = (state.Step, state.Tokens, state.UsualLoss);
        optimizer.StepCount = state.OptimizerStep;
        data.Cursor = state.Cursor;
    }

    /// <inheritdoc/>
    public void Dispose() => optimizer.Dispose();

    /// <summary>The loss and the length of the gradient over all ranks, whose gradients are added up.</summary>
    private (double Loss, double Norm) Gather(double loss)
    {
        if (ranks is null) return (loss, backend.GradientNorm());
        ranks.SumGradients(backend);
        Span<double> sums = [loss, backend.SquaredGradient(ranks.Share)];
        ranks.Sum(sums);
        return (sums[0], Math.Sqrt(sums[1]));
    }

    private void Watch(double loss, double norm)
    {
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) throw Diverged(string.Create(CultureInfo.InvariantCulture, $"the loss is {loss:G4} and the gradient's length {norm:G4}"));
        // Worse than knowing nothing, and much worse than it was.
        if (loss > 1.5 * Math.Log(model.Config.VocabularySize) && loss > 2 * usualLoss) throw Diverged(string.Create(CultureInfo.InvariantCulture, $"the loss exploded from {usualLoss:G4} to {loss:G4}"));
        usualLoss = double.IsNaN(usualLoss) ? loss : 0.9 * usualLoss + 0.1 * loss;
    }

    private CriaException Diverged(string how) => new(string.Create(CultureInfo.InvariantCulture, $"step {StepCount + 1}: {how}; go on from the last checkpoint with a lower learning rate, a longer warm-up or more clipping"));
}
