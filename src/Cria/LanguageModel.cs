using Cria.Adapters;
using Cria.Chat;
using Cria.Generation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria;

/// <summary>
/// A Llama model, ready to answer. Safe for concurrent callers, whose answers are computed together.
/// <code>
/// using var model = LanguageModel.Load("Llama-3.2-1B-Instruct-Q4_0.gguf");
/// Console.WriteLine(model.Chat("Who are you?"));
/// await foreach (var piece in model.ChatAsync("And who am I?")) Console.Write(piece);
/// </code>
/// </summary>
public sealed partial class LanguageModel : IDisposable
{
    /// <summary>Of the memory that the weights leave, the share that keys and values may take together.</summary>
    private const double KvShare = 0.5;

    /// <summary>The share that one conversation of full length may take.</summary>
    private const double KvShareOfOne = 0.85;

    private readonly ITensorSource source;
    private readonly IReadOnlyList<ScaledAdapter> adapters;

    private LanguageModel(ITensorSource source, LoadOptions options)
    {
        this.source = source;
        LlamaConfig config = LlamaConfig.From(source);
        Tokenizer = Tokenizer.FromMetadata(source.Metadata);
        if (Tokenizer.VocabularySize > config.VocabularySize)
            throw new CriaException($"{source.Path}: the vocabulary has {Tokenizer.VocabularySize} tokens, but the network only {config.VocabularySize}; convert the model again");
        Template = ChatTemplate.FromMetadata(source.Metadata);
        long context = options.ContextLength ?? config.ContextLength;
        if (context <= 0) throw new CriaException($"a context of {context} tokens cannot be used; choose at least 1");
        if (options.Parallel <= 0) throw new CriaException($"{options.Parallel} answers at once cannot be computed; choose at least 1");
        if (options.KvTokens <= 0) throw new CriaException($"a cache of {options.KvTokens} tokens cannot be used; choose at least 1");
        Config = config with { ContextLength = context, RopeScaling = options.RopeScaling ?? config.RopeScaling, RopeTheta = options.RopeTheta ?? config.RopeTheta };
        options.KvType.Check(config.HeadSize);
        Defaults = SamplingOptions.From(source.Metadata).OrElse(SamplingOptions.Llama3);
        Defaults.Validate(config.VocabularySize);
        AdapterNames = [.. options.NamedAdapters.Select(adapter => adapter.Name)];
        if (AdapterNames.Distinct(StringComparer.Ordinal).Count() != AdapterNames.Count) throw new CriaException($"two adapters have one name ({string.Join(", ", AdapterNames)}); give each its own");
        IDisposable owned = CpuBackend.Create(options.Threads);
        try
        {
            adapters = [.. options.Adapters.Select(adapter => adapter.Open(Config.HeadSize))];
            var network = new Llama(source, Config, (CpuBackend)owned, options.Progress, adapters, [.. options.NamedAdapters.Select(adapter => adapter.File.Open(Config.HeadSize))]);
            owned = network;
            Engine = new Engine(network, new EngineOptions
            {
                ContextLength = context,
                CacheTokens = options.KvTokens ?? KvTokens(context, options),
                CacheType = options.KvType,
                MaxSequences = options.Parallel,
                QueueCapacity = options.QueueCapacity,
                StopTokens = Tokenizer.StopTokens,
                Defaults = Defaults,
            });
        }
        catch
        {
            // Worker threads and memory, which nobody else would free.
            owned.Dispose();
            throw;
        }
    }

    /// <summary>The file it was loaded from.</summary>
    public string Path => source.Path;

    /// <summary>The model's own name, else the file's.</summary>
    public string Name => source.Metadata.Values.GetValueOrDefault("general.name") is string { Length: > 0 } name ? name : System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Everything the file says about the model.</summary>
    public ModelMetadata Metadata => source.Metadata;

    /// <summary>The network's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>Text to token ids and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How conversations become prompts.</summary>
    public ChatTemplate Template { get; }

    /// <summary>How tokens are chosen where a request says nothing.</summary>
    public SamplingOptions Defaults { get; }

    /// <summary>The adapters a request may choose from.</summary>
    public IReadOnlyList<string> AdapterNames { get; }

    /// <summary>What computes: ids in, ids out.</summary>
    public Engine Engine { get; }

    /// <summary>Most tokens of prompt and answer together.</summary>
    public int ContextLength => Engine.ContextLength;

    /// <summary>Loads a model.</summary>
    /// <param name="path">
    /// A GGUF file, a folder of Hugging Face's or Meta's form, a llamafile, or the name of a model that was pulled, such as <c>meta-llama/Llama-3.2-1B-Instruct</c>.
    /// Null is the small model of the package Cria.Tiny.
    /// </param>
    /// <param name="options">Threads, context, adapters and the like; null suits one user on this machine.</param>
    /// <exception cref="CriaException">There is no such model, or it is damaged, is not a Llama, or does not fit; the message is one line that says what to do.</exception>
    public static LanguageModel Load(string? path = null, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        ITensorSource source = ModelSource.OpenToRun(ShippedModel.Or(path), options.Cache);
        try
        {
            return new LanguageModel(source, options);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The ids of a text, which never become special tokens unless <paramref name="parseSpecial"/> asks.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addBos">Put the beginning-of-text token first; null is as the model wants.</param>
    /// <param name="parseSpecial">Turn special tokens that stand in the text into their ids.</param>
    public int[] Tokenize(string text, bool? addBos = null, bool parseSpecial = false) => Tokenizer.Encode(text, addBos ?? Tokenizer.AddsBos, parseSpecial);

    /// <summary>The text of ids.</summary>
    public string Detokenize(ReadOnlySpan<int> tokens, bool skipSpecial = true) => Tokenizer.Decode(tokens, skipSpecial);

    /// <summary>Stops all answers and frees the memory.</summary>
    public void Dispose()
    {
        Engine.Dispose();
        source.Dispose();
    }

    /// <summary>The number of an adapter, from 1; 0 for none.</summary>
    private int AdapterNumber(string? name)
    {
        if (name is null) return 0;
        for (int i = 0; i < AdapterNames.Count; i++)
        {
            if (AdapterNames[i] == name) return i + 1;
        }
        throw new CriaException($"there is no adapter '{name}'; {(AdapterNames.Count == 0 ? "none was loaded" : "there are " + string.Join(", ", AdapterNames))}");
    }

    /// <summary>How many tokens may be kept where the caller does not say: so many that the machine does not run out of memory, and no more than can be of use.</summary>
    private long KvTokens(long context, LoadOptions options)
    {
        long tokenBytes = new KvLayout(Config.LayerCount, Config.KeyValueHeadCount, Config.HeadSize, options.KvType).PageBytes / KvLayout.PageSize;
        long free = Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - source.Tensors.Sum(tensor => tensor.ByteCount));
        double one = Math.Min(context, free * KvShareOfOne / tokenBytes);
        // What a caller asks for by number is tried, whatever the estimate says.
        if (options.ContextLength is not null) one = context;
        return (long)Math.Max(KvLayout.PageSize, Math.Min(Math.Max(free * KvShare / tokenBytes, one), (double)context * (options.Parallel + 1)));
    }
}
