using Cria.Chat;
using Cria.Corpora;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;
using Cria.Tokenization;
using Cria.Training.Checkpoints;
using Cria.Training.Data;
using Cria.Training.LowRank;

namespace Cria.Training;

/// <summary>
/// A model that goes on learning, from its file to the adapter or the model it becomes; for another arrangement of the parts see <see cref="Training.Trainer"/>.
/// <code>
/// using var tuning = FineTuning.Begin("model.gguf", ["chats.jsonl"], new TrainingOptions { Steps = 100, LearningRate = 2e-4 }, new LoraOptions { Rank = 16 });
/// foreach (var step in tuning.Steps()) Console.WriteLine($"{step.Number}: loss {step.Loss:F3}");
/// tuning.SaveAdapter("style");
/// </code>
/// </summary>
public sealed class FineTuning : IDisposable
{
    private readonly ITensorSource source;
    private readonly RecordingBackend backend;
    private readonly Llama model;
    private readonly TrainingOptions options;
    private readonly bool learnsAdapter;

    private FineTuning(ITensorSource source, RecordingBackend backend, Llama model, ExampleStore examples, TrainingOptions options, LoraOptions? lora)
    {
        (this.source, this.backend, this.model, this.options, learnsAdapter) = (source, backend, model, options, lora is not null);
        if (lora is not null) LoraTraining.Begin(backend, lora, options.Seed);
        Trainer = new Trainer(model, backend, PackedBatches.ForTraining(examples, options.RowLength, options.Seed), validation: null, options);
    }

    /// <summary>What does the steps; it saves and loads checkpoints too.</summary>
    public Trainer Trainer { get; }

    /// <summary>Begins with files of examples.</summary>
    /// <param name="model">The model's file, folder or pulled name; null is the small model of the package Cria.Tiny.</param>
    /// <param name="files">What to learn from: JSON lines with conversations (<c>{"messages": [{"role": "user", "content": "…"}, …]}</c> and other known forms) or texts, plain text, or folders of such.</param>
    /// <param name="options">Steps, rows and learning rate.</param>
    /// <param name="lora">The adapter to learn in place of the weights; null learns the weights themselves, which takes 16 bytes each.</param>
    /// <param name="recording">Threads, and what is saved of memory; null is one thread a core.</param>
    /// <exception cref="CriaException">There is no such model or file, a line is no example, a conversation is longer than a row, or an option makes no sense.</exception>
    public static FineTuning Begin(string? model, IEnumerable<string> files, TrainingOptions options, LoraOptions? lora = null, RecordingOptions? recording = null)
    {
        var corpus = Corpus.Open(files);
        return Begin(model, corpus.Read(), string.Join(", ", corpus.Files.Take(3)), options, lora, recording);
    }

    /// <summary>Begins with conversations, of which what the assistant says is learnt.</summary>
    /// <param name="model">The model's file, folder or pulled name; null is the small model of the package Cria.Tiny.</param>
    /// <param name="conversations">What to learn from.</param>
    /// <param name="options">Steps, rows and learning rate.</param>
    /// <param name="lora">The adapter to learn in place of the weights; null learns the weights themselves, which takes 16 bytes each.</param>
    /// <param name="recording">Threads, and what is saved of memory; null is one thread a core.</param>
    /// <exception cref="CriaException">There is no such model, a conversation is longer than a row, or an option makes no sense.</exception>
    public static FineTuning Begin(string? model, IEnumerable<IReadOnlyList<ChatTurn>> conversations, TrainingOptions options, LoraOptions? lora = null, RecordingOptions? recording = null) =>
        Begin(model, conversations.Select((turns, number) => new ConversationDocument($"conversation {number + 1}", turns)), "the conversations", options, lora, recording);

    /// <summary>Does the steps that are left, one each time the loop asks; leaving it early is no harm.</summary>
    /// <exception cref="CriaException">The loss is no number any more, or has exploded.</exception>
    public IEnumerable<TrainingStep> Steps()
    {
        while (Trainer.StepCount < options.Steps) yield return Trainer.Step();
    }

    /// <summary>Writes the adapter as it is now: a folder in PEFT's form, or GGUF where the name ends in <c>.gguf</c>. <see cref="LoadOptions.Adapters"/> and <c>cria run --lora</c> take it.</summary>
    /// <exception cref="InvalidOperationException">The weights themselves are learnt.</exception>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void SaveAdapter(string path)
    {
        if (!learnsAdapter) throw new InvalidOperationException("the weights themselves are learnt, so there is no adapter; call SaveModel");
        LoraTraining.Adapter(backend, source.Path).Write(path, model.Config.HeadSize);
    }

    /// <summary>Writes the model as it is now, as GGUF.</summary>
    /// <param name="path">The file; it appears under its name when it is whole.</param>
    /// <param name="type">How weights are stored, such as <c>Q8_0</c> (<see cref="FileType"/>).</param>
    /// <exception cref="InvalidOperationException">An adapter is learnt.</exception>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void SaveModel(string path, string type = "F16")
    {
        if (learnsAdapter) throw new InvalidOperationException("an adapter is learnt, and the weights are as they were; call SaveAdapter, and where one file is wanted 'cria lora merge'");
        using var trained = new TrainedSource(source, backend);
        new Quantizer(trained, new QuantizeOptions { FileType = FileType.Parse(type), Threads = backend.ThreadCount }).Write(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Trainer.Dispose();
        model.Dispose();
        backend.Dispose();
        source.Dispose();
    }

    private static FineTuning Begin(string? model, IEnumerable<Document> documents, string place, TrainingOptions options, LoraOptions? lora, RecordingOptions? recording)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        lora?.Check();
        recording ??= new RecordingOptions();
        if (lora is not null) recording = recording with { IsTrained = _ => false };
        // What is made so far, should the rest fail.
        var made = new Stack<IDisposable>();
        try
        {
            ITensorSource source = ModelSource.Open(ShippedModel.Or(model));
            made.Push(source);
            ExampleStore examples = ExampleLoader.Load(documents, place, Tokenizer.FromMetadata(source.Metadata), ChatTemplate.FromMetadata(source.Metadata), new ExampleOptions { RowLength = options.RowLength });
            var backend = RecordingBackend.Create(recording);
            made.Push(backend);
            var network = new Llama(source, LlamaConfig.From(source), backend);
            made.Push(network);
            return new FineTuning(source, backend, network, examples, options, lora);
        }
        catch
        {
            while (made.TryPop(out IDisposable? last)) last.Dispose();
            throw;
        }
    }
}
