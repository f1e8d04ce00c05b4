using System.Diagnostics;
using System.Globalization;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;
using Cria.Training;
using Cria.Training.Checkpoints;
using Cria.Training.LowRank;
using Cria.Training.Ranks;
using Cria.Training.Reports;

namespace Cria.Cli.Training;

/// <summary>A run from its first step to its last, with everything a person sees of it: the live line, the log, the curve, the files.</summary>
internal sealed class TrainRun(Trainer trainer, TrainingOptions options, ITensorSource origin, RecordingBackend backend, Terminal terminal)
{
    private static readonly TimeSpan LinePace = TimeSpan.FromSeconds(0.5), ReportPace = TimeSpan.FromSeconds(30);

    private readonly int headSize = LlamaConfig.From(origin).HeadSize;
    private readonly Stopwatch clock = new();
    private long firstStep;
    private double shown;
    private double peak = 1;
    private double? validationLoss;

    /// <summary>The folder that gets the files.</summary>
    public required string Folder { get; init; }

    /// <summary>The type of the stored model.</summary>
    public required FileType Type { get; init; }

    /// <summary>Steps between measurements of the validation loss.</summary>
    public required long EvaluateEvery { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public required long SaveEvery { get; init; }

    /// <summary>Measures how many multiply-adds the machine can do a second, of the kind that the products are computed in.</summary>
    public required Func<double> MeasurePeak { get; init; }

    /// <summary>What is multiplied.</summary>
    public required string PeakName { get; init; }

    /// <summary>Tokens of a document, on average: attention's cost depends on it.</summary>
    public required double MeanDocumentLength { get; init; }

    /// <summary>True when an adapter is learnt, and stored in place of a model.</summary>
    public bool LearnsAdapter { get; init; }

    /// <summary>The ranks that share the work; the first one writes and speaks.</summary>
    public TrainingRanks? Ranks { get; init; }

    /// <summary>The checkpoint in a folder.</summary>
    public static string CheckpointPath(string folder) => Path.Combine(folder, "checkpoint.safetensors");

    /// <summary>The model in a folder.</summary>
    public static string ModelPath(string folder) => Path.Combine(folder, "model.gguf");

    /// <summary>Runs to the end, or until it is cancelled; both save.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        using TrainingLog? log = Ranks is { Rank: > 0 } ? null : new TrainingLog(Path.Combine(Folder, "log.csv"), trainer.StepCount);
        using var status = new StatusLine(terminal);
        validationLoss = log?.Entries.LastOrDefault(entry => entry.ValidationLoss is not null)?.ValidationLoss;
        firstStep = trainer.StepCount;
        long firstToken = trainer.TokenCount;
        FollowPeak();
        clock.Start();
        TimeSpan lastLine = default, lastReport = default;
        while (trainer.StepCount < options.Steps && !(Ranks?.Any(cancellationToken.IsCancellationRequested) ?? cancellationToken.IsCancellationRequested))
        {
            TimeSpan begun = clock.Elapsed;
            TrainingStep step = trainer.Step();
            double tokensPerSecond = step.TokenCount / (clock.Elapsed - begun).TotalSeconds;
            bool isLast = trainer.StepCount == options.Steps;
            double? measured = null;
            if (step.Number % EvaluateEvery == 0 || isLast)
            {
                clock.Stop();
                measured = trainer.Evaluate(cancellationToken);
                validationLoss = measured ?? validationLoss;
                clock.Start();
            }
            log?.Add(new LogEntry(step.Number, trainer.TokenCount, step.Loss, measured, step.LearningRate, step.GradientNorm, tokensPerSecond));
            shown = step.Number == firstStep + 1 ? step.Loss : 0.95 * shown + 0.05 * step.Loss;
            if (clock.Elapsed - lastLine > LinePace) status.Show(Line(step, tokensPerSecond, lastLine = clock.Elapsed));
            if (measured is not null || clock.Elapsed - lastReport > ReportPace || isLast) Report(status, step, tokensPerSecond, lastReport = clock.Elapsed);
            if (step.Number % SaveEvery == 0 && !isLast) Save(status, log);
        }
        Save(status, log);
        status.Clear();
        string end = trainer.StepCount < options.Steps ? string.Create(CultureInfo.InvariantCulture, $"stopped after step {trainer.StepCount} of {options.Steps}; go on with --resume") : string.Create(CultureInfo.InvariantCulture, $"{trainer.StepCount} steps done");
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{end}. {(LearnsAdapter ? $"{Folder}: adapter" : $"{ModelPath(Folder)}: {Type}")}, loss {shown:F4}{(validationLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $", validation {loss:F4}") : "")}, {Quantity.Count(trainer.TokenCount)} tokens, {Quantity.Time(clock.Elapsed)}, {Speed((trainer.TokenCount - firstToken) / clock.Elapsed.TotalSeconds)}{(Ranks is { Places: > 1 } ? string.Create(CultureInfo.InvariantCulture, $", {Quantity.Share(Ranks.RingWait / clock.Elapsed, 1)} of the time waiting for the ring") : "")}"));
    }

    /// <summary>A lasting line: after a measurement, and now and then where no live line can be seen.</summary>
    private void Report(StatusLine status, TrainingStep step, double tokensPerSecond, TimeSpan now)
    {
        FollowPeak();
        status.Clear();
        terminal.Error.WriteLine(Line(step, tokensPerSecond, now));
    }

    /// <summary>Measures the machine's peak once more: its speed changes over hours, and a share of what was measured in a slow moment would be too high.</summary>
    private void FollowPeak()
    {
        // Who does not speak needs no figures.
        if (Ranks is { Rank: > 0 }) return;
        bool ran = clock.IsRunning;
        clock.Stop();
        peak = Math.Max(peak, MeasurePeak());
        if (ran) clock.Start();
    }

    private string Line(TrainingStep step, double tokensPerSecond, TimeSpan now)
    {
        long done = step.Number - firstStep;
        TimeSpan left = now / done * (options.Steps - step.Number);
        string validation = validationLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $", validation {loss:F4}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"step {step.Number}/{options.Steps}: loss {shown:F4}{validation}, rate {step.LearningRate:G3}, gradient {step.GradientNorm:F2}, {Speed(tokensPerSecond)}, {Quantity.Time(left)} left");
    }

    private string Speed(double tokensPerSecond) =>
        string.Create(CultureInfo.InvariantCulture, $"{tokensPerSecond:F0} tokens/s, {Quantity.Share(tokensPerSecond * trainer.OperationsPerToken(MeanDocumentLength) / (2 * peak))} of the {PeakName} peak");

    private void Save(StatusLine status, TrainingLog? log)
    {
        status.Show("saving");
        trainer.Save(CheckpointPath(Folder));
        if (log is not null) SaveModel(log);
        Ranks?.Barrier();
    }

    private void SaveModel(TrainingLog log)
    {
        LossCurve.Write(Path.Combine(Folder, "loss.svg"), "loss, nats a token", log.Entries);
        if (LearnsAdapter)
        {
            LoraTraining.Adapter(backend, origin.Path).Write(Folder, headSize);
            return;
        }
        using var trained = new TrainedSource(origin, backend);
        new Quantizer(trained, new QuantizeOptions { FileType = Type, Threads = backend.ThreadCount }).Write(ModelPath(Folder));
    }
}
