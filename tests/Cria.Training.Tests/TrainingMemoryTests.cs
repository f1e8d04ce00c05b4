using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;
using Cria.Training;
using Cria.Training.Data;

namespace Cria.Tests;

public sealed class TrainingMemoryTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-memory-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(192, 2, 6, 3, 512, 1024, false)]
    [InlineData(192, 6, 6, 3, 512, 1024, true)]
    [InlineData(64, 8, 2, 2, 256, 2048, false)]
    public void Training_holds_what_the_formula_says(int hidden, int layers, int heads, int keyValueHeads, int feedForward, int tokens, bool recompute)
    {
        string path = Path.Combine(folder, "new.gguf");
        new FreshModel(new FreshModelOptions { HiddenSize = hidden, LayerCount = layers, HeadCount = heads, KeyValueHeadCount = keyValueHeads, FeedForwardSize = feedForward, ContextLength = tokens, Tied = true },
            VocabularyFile.Read(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"))).Write(path, null, TestContext.Current.CancellationToken);
        using ITensorSource source = ModelSource.Open(path);
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1, Recompute = recompute });
        using var model = new Llama(source, LlamaConfig.From(source), backend);
        using var trainer = new Trainer(model, backend, new OneBatch(tokens), null, new TrainingOptions { Steps = 2, BatchRows = 1, RowLength = tokens });
        trainer.Step();

        TrainingMemory expected = TrainingMemory.Of(model.Config, backend.Parameters.Sum(parameter => parameter.Count), 0, tokens, recompute);

        // Memory is taken in blocks of 4 MiB, and the products' packed factors stay within a few of them.
        long slack = 16 << 20;
        Assert.InRange(trainer.MemoryBytes, expected.Total - slack, expected.Total + slack);
        Assert.True(expected.Total > slack);
    }

    private sealed class OneBatch(int tokens) : IBatchSource
    {
        public DataCursor Cursor { get; set; }

        public bool Next(TrainingBatch batch)
        {
            batch.Clear();
            for (int i = 0; i < tokens; i++) (batch.Tokens[i], batch.Targets[i]) = (i % 1000, (i + 1) % 1000);
            batch.Documents.Add(new DocumentSpan(0, tokens));
            return true;
        }
    }
}
