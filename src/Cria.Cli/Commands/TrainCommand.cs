using System.CommandLine;
using System.Globalization;
using Cria.Chat;
using Cria.Cli.Training;
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

namespace Cria.Cli.Commands;

/// <summary><c>cria train</c>: teach a model.</summary>
internal static class TrainCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var flags = new TrainFlags();
        var verb = new Verb("train", "Teach a model from text and conversations.")
        {
            Details = "Documents are packed into rows; none sees another. In conversations only the assistant's words are learnt. Ctrl-C saves and stops; --resume goes on as if nothing had happened. "
                + "Memory: 16 bytes a weight, and what a batch needs on its way; the first line tells how much.",
        };
        flags.AddTo(verb);
        verb.Example("cria train -m new.gguf -d chats.jsonl -o run --steps 2000 --learning-rate 1e-3 --warmup 100", "A model from 'cria new', from its first step.");
        verb.Example("cria train -m llama.gguf -d chats.jsonl --validation-share 0.05 -o run --epochs 3 --learning-rate 2e-5", "Go on teaching a model that knows something.");
        verb.Example("cria train -m llama.gguf -d chats.jsonl -o style --lora-rank 16 --learning-rate 2e-4", "A LoRA adapter, for 'cria run -m llama.gguf --lora style'.");
        verb.Example("cria train --config run.json --resume", "Options from a file, after an interruption.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            Train(flags, flags.WithConfig(parsed, verb), terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Train(TrainFlags flags, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string path = parsed.GetValue(flags.Model) ?? throw new UsageException("--model is missing: the model that training begins with; 'cria new' makes one");
        string folder = parsed.GetValue(flags.Output) ?? throw new UsageException("--output is missing: the folder for the model and the checkpoint");
        string[] files = parsed.GetValue(flags.Data) is { Length: > 0 } given ? given : throw new UsageException("--data is missing: what to learn from");
        FileType type = FileType.Parse(parsed.GetValue(flags.Type) ?? "F32");
        bool resumes = parsed.GetValue(flags.Resume);
        string checkpoint = TrainRun.CheckpointPath(folder);
        if (resumes && !File.Exists(checkpoint)) throw new CriaException($"{checkpoint} is not there to go on from; leave out --resume to begin");
        if (!resumes && File.Exists(checkpoint)) throw new CriaException($"{folder} holds a run already; go on with --resume, or choose another folder");
        using ITensorSource source = ModelSource.Open(path);
        LlamaConfig config = LlamaConfig.From(source);
        int rowLength = flags.RowLength(parsed);
        (IExampleSource examples, IExampleSource? held) = Read(flags, parsed, files, source, rowLength, terminal, cancellationToken);
        PackedBatches data = PackedBatches.ForTraining(examples, rowLength, flags.Seed(parsed));
        TrainingOptions options = flags.Options(parsed, _ => data.RowCount);
        IBatchSource? validation = held is { Count: > 0 } ? PackedBatches.ForValidation(held, rowLength) : null;
        double meanLength = Enumerable.Range(0, examples.Count).Average(i => (double)examples.Length(i));
        LoraOptions? lora = flags.Lora(parsed);
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = flags.Threads(parsed), RoundToBrain = flags.RoundToBrain(parsed), Recompute = flags.Recompute(parsed), IsTrained = _ => lora is null });
        using var model = new Llama(source, config, backend);
        if (lora is not null) LoraTraining.Begin(backend, lora, flags.Seed(parsed));
        using var trainer = new Trainer(model, backend, data, validation, options);
        if (resumes) trainer.Load(checkpoint);
        CreateFolder(folder);
        long learned = backend.Parameters.Where(parameter => !parameter.IsFrozen).Sum(parameter => parameter.Count), frozen = backend.Parameters.Where(parameter => parameter.IsFrozen).Sum(parameter => parameter.Count);
        var memory = TrainingMemory.Of(config, learned, frozen, (long)options.BatchRows * options.RowLength, flags.Recompute(parsed));
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Quantity.Count(learned)} weights to learn, {Quantity.Exact(examples.Count)} documents, {Quantity.Exact(data.RowCount)} rows of {rowLength} a pass ({data.FillShare:P0} full), {options.Steps} steps of {options.BatchRows * options.Accumulation} rows, {backend.ThreadCount} threads{(backend.RoundsToBrain ? ", bfloat16 products" : "")}, about {Quantity.Bytes(memory.Total)} of memory"));
        MachineLimits limits = MachineLimits.Measure(backend.ThreadCount);
        bool isBrain = backend.RoundsToBrain && limits.BrainMultiplyAddsPerSecond > 0;
        var run = new TrainRun(trainer, options, source, backend, terminal)
        {
            Folder = folder,
            Type = type,
            EvaluateEvery = flags.EvaluateEvery(parsed),
            SaveEvery = flags.SaveEvery(parsed),
            PeakMultiplyAdds = isBrain ? limits.BrainMultiplyAddsPerSecond : limits.FloatMultiplyAddsPerSecond,
            PeakName = isBrain ? "bfloat16" : "float",
            MeanDocumentLength = meanLength,
            LearnsAdapter = lora is not null,
        };
        run.Run(cancellationToken);
    }

    private static (IExampleSource Examples, IExampleSource? Validation) Read(TrainFlags flags, ParseResult parsed, string[] files, ITensorSource source, int rowLength, Terminal terminal, CancellationToken cancellationToken)
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
