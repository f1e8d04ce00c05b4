using System.CommandLine;
using System.Globalization;
using Cria.Chat;
using Cria.Corpora;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;
using Cria.Tensors.Kernels;
using Cria.Tokenization;
using Cria.Training;
using Cria.Training.Data;
using Cria.Training.LowRank;
using Cria.Training.Ranks;
using Cria.Training.Ranks.Mpi;

namespace Cria.Cli.Training;

/// <summary>One training run put together from its options: model, data, backend, trainer.</summary>
internal sealed class TrainSession(TrainFlags flags, ParseResult parsed, Terminal terminal)
{
    /// <summary>Where training begins.</summary>
    public required string Model { get; init; }

    /// <summary>The folder that gets the files.</summary>
    public required string Folder { get; init; }

    /// <summary>The type of the stored model.</summary>
    public required FileType Type { get; init; }

    /// <summary>The ranks that share the work; null where this process is alone.</summary>
    public ICollectives? World { get; init; }

    /// <summary>Whether it goes on from the checkpoint in the folder.</summary>
    public bool Resumes { get; init; }

    /// <summary>Trains; false when it was cancelled before the last step.</summary>
    public bool Run(CancellationToken cancellationToken)
    {
        string[] files = parsed.GetValue(flags.Data) is { Length: > 0 } given ? given : throw new UsageException("--data is missing: what to learn from");
        string checkpoint = TrainRun.CheckpointPath(Folder);
        if (Resumes && !File.Exists(checkpoint)) throw new CriaException($"{checkpoint} is not there to go on from; leave out --resume to begin");
        if (!Resumes && File.Exists(checkpoint)) throw new CriaException($"{Folder} holds a run already; go on with --resume, or choose another folder");
        RankLayout layout = flags.Layout(parsed, World?.Count ?? 1);
        if (World is null && layout.Count > 1)
            throw new CriaException($"{layout} is {layout.Count} ranks, but this process is alone; start it with: mpirun -np {layout.Count} cria train …");
        TrainingRanks? ranks = World is null ? null : new TrainingRanks(World, layout);
        using ITensorSource source = flags.Extend(parsed, ModelSource.Open(Model));
        LlamaConfig config = LlamaConfig.From(source);
        int rowLength = flags.RowLength(parsed);
        (IExampleSource examples, IExampleSource? held) = Read(files, source, rowLength, cancellationToken);
        PackedBatches data = PackedBatches.ForTraining(examples, rowLength, flags.Seed(parsed));
        TrainingOptions options = flags.Options(parsed, _ => data.RowCount);
        IBatchSource? validation = held is { Count: > 0 } ? PackedBatches.ForValidation(held, rowLength) : null;
        double meanLength = Enumerable.Range(0, examples.Count).Average(i => (double)examples.Length(i));
        LoraOptions? lora = flags.Lora(parsed);
        if (ranks is not null)
        {
            ranks.Agree("model", Fingerprint.Of(source));
            ranks.Agree("corpus", Fingerprint.Of(examples) + Fingerprint.Of(held));
            ranks.Agree("set of options", $"{options}, {layout}, {lora}, {lora?.Targets.Count}, {flags.Recompute(parsed)}, {flags.RoundToBrain(parsed)}, {flags.EvaluateEvery(parsed)}, {flags.SaveEvery(parsed)}, {Resumes}");
        }
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = flags.Threads(parsed, World is null ? 1 : MpiRanks.OnThisHost), RoundToBrain = flags.RoundToBrain(parsed), Recompute = flags.Recompute(parsed), IsTrained = _ => lora is null, Ranks = ranks });
        using var model = new Llama(source, config, backend);
        if (lora is not null) LoraTraining.Begin(backend, lora, flags.Seed(parsed));
        using var trainer = new Trainer(model, backend, data, validation, options, ranks);
        if (Resumes) trainer.Load(checkpoint);
        ranks?.Agree("checkpoint", $"{trainer.StepCount}, {trainer.TokenCount}, {trainer.Cursor}");
        if (World is not { Rank: > 0 }) CreateFolder(Folder);
        long learned = backend.Parameters.Where(parameter => !parameter.IsFrozen).Sum(parameter => parameter.Count), frozen = backend.Parameters.Where(parameter => parameter.IsFrozen).Sum(parameter => parameter.Count);
        var memory = TrainingMemory.Of(config, learned, frozen, (long)options.BatchRows * options.RowLength, flags.Recompute(parsed), layout);
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Quantity.Count(learned)} weights to learn, {Quantity.Of(examples.Count, "document")}, {Quantity.Of(data.RowCount, "row")} of {rowLength} a pass ({Quantity.Share(data.FillShare)} full), {options.Steps} steps of {options.BatchRows * options.Accumulation} rows, {(ranks is null ? "" : $"{layout}, ")}{backend.ThreadCount} threads{(ranks is null ? "" : " a rank")}{(backend.RoundsToBrain ? ", bfloat16 products" : "")}, about {Quantity.Bytes(memory.Total)} of memory{(ranks is null ? "" : " a rank")}"));
        bool isBrain = backend.RoundsToBrain && MachineLimits.HasBrainProducts;
        var run = new TrainRun(trainer, options, source, backend, terminal)
        {
            Folder = Folder,
            Type = Type,
            EvaluateEvery = flags.EvaluateEvery(parsed),
            SaveEvery = flags.SaveEvery(parsed),
            MeasurePeak = () => layout.Count * MachineLimits.MeasureProducts(backend.ThreadCount, isBrain),
            PeakName = isBrain ? "bfloat16" : "float",
            MeanDocumentLength = meanLength,
            LearnsAdapter = lora is not null,
            Ranks = ranks,
        };
        run.Run(cancellationToken);
        return trainer.StepCount >= options.Steps;
    }

    private (IExampleSource Examples, IExampleSource? Validation) Read(string[] files, ITensorSource source, int rowLength, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = Tokenizer.FromMetadata(source.Metadata);
        ChatTemplate template = ChatTemplate.FromMetadata(source.Metadata);
        var options = new ExampleOptions { RowLength = rowLength, TrainOnInputs = parsed.GetValue(flags.TrainOnInputs), SkipTooLong = parsed.GetValue(flags.SkipTooLong) };
        using var status = new StatusLine(terminal);
        status.Show("reading the corpus");
        ExampleStore store = ExampleLoader.Load(Corpus.Open(files), tokenizer, template, options, cancellationToken: cancellationToken);
        if (store.SkippedCount > 0) terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.SkippedCount} conversations are longer than a row and were left out"));
        double share = parsed.GetValue(flags.ValidationShare) ?? 0;
        string[] held = parsed.GetValue(flags.ValidationData) ?? [];
        if (held.Length > 0 && share > 0) throw new UsageException("--validation and --validation-share say the same thing; give one of them");
        if (held.Length > 0) return (store, ExampleLoader.Load(Corpus.Open(held), tokenizer, template, options, cancellationToken: cancellationToken));
        return share > 0 ? store.Split(share, flags.Seed(parsed)) : (store, null);
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{folder} cannot be made: {failure.Message.ReplaceLineEndings(" ")}; choose another place", failure);
        }
    }
}
