using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Evaluation;

/// <summary>Runs text through a network, window by window, and shows the inputs of every weight on the way: what measurements of a model are made with.</summary>
internal sealed class CalibrationText
{
    private readonly ITensorSource source;
    private readonly LlamaConfig config;
    private readonly int[] tokens;
    private readonly int bos;
    private readonly int threads;

    /// <summary>Prepares to run <paramref name="text"/>. Throws <see cref="CriaException"/> when it is shorter than one window, or the window longer than the context.</summary>
    /// <param name="source">The model, best not quantized.</param>
    /// <param name="text">The text.</param>
    /// <param name="window">Tokens of a window.</param>
    /// <param name="windows">Most windows to run; null takes the whole text.</param>
    /// <param name="threads">Threads that compute; 0 is one a physical core.</param>
    public CalibrationText(ITensorSource source, string text, int window, int? windows, int threads)
    {
        this.source = source;
        this.threads = threads;
        Window = window;
        config = LlamaConfig.From(source);
        if (window < 2 || window > config.ContextLength) throw new CriaException($"a window of {window} tokens does not fit the context of {config.ContextLength} of {source.Path}; choose another");
        Tokenizer tokenizer = Tokenizer.FromMetadata(source.Metadata);
        tokens = tokenizer.Encode(text, tokenizer.AddsBos);
        bos = tokenizer.AddsBos ? tokenizer.Bos ?? -1 : -1;
        if (tokens.Length < window) throw new CriaException($"the text has {tokens.Length} tokens, less than one window of {window}; give a longer text or a shorter window");
        Windows = Math.Min(tokens.Length / window, windows ?? int.MaxValue);
    }

    /// <summary>Tokens of a window.</summary>
    public int Window { get; }

    /// <summary>Windows that will be run.</summary>
    public int Windows { get; }

    /// <summary>Runs the text; <paramref name="progress"/> hears how many windows are done.</summary>
    public void Run(InputObserver observe, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        using var model = new Llama(source, config, new ObservingBackend(CpuBackend.Create(threads), observe));
        using KvCache cache = model.CreateCache(Window);
        var batch = new Batch();
        for (int i = 0; i < Windows; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] ids = tokens[(i * Window)..((i + 1) * Window)];
            if (bos >= 0) ids[0] = bos;
            using KvSequence sequence = cache.NewSequence();
            batch.Clear();
            if (!batch.TryAdd(sequence, ids, Logits.None, out _)) throw new CriaException("the key-value cache is full; choose a shorter window");
            model.Forward(batch, cache);
            progress?.Report(i + 1);
        }
    }
}
