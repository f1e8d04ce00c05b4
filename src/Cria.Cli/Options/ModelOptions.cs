using System.CommandLine;
using Cria.Adapters;
using Cria.Cli.Pulling;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Cli.Options;

/// <summary>The options that say which model to load and how; the same for every command that runs one.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> model = ModelOption();
    private readonly Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "Most tokens of prompt and answer together; by default what the model was made for, as far as memory reaches.", 1, int.MaxValue);
    private readonly Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);
    private readonly CacheOptions cache = new();
    private readonly PreparedCacheOptions prepared = new();
    private readonly Option<double?> ropeBase = Numbers.Real("--rope-base", "X", "Replace the model's rotary base.", 1.000001);
    private readonly Option<RopeRule?> ropeScaling = Numbers.Choice("--rope-scaling", "Replace the rule that stretches rotary positions over a longer context.",
        ("none", RopeRule.None), ("linear", RopeRule.Linear), ("ntk", RopeRule.Ntk), ("yarn", RopeRule.Yarn), ("llama3", RopeRule.Llama3));
    private readonly Option<double?> ropeFactor = Numbers.Real("--rope-factor", "X", "Stretch positions by this factor; the context grows with it.", 1);

    private readonly Option<string[]> lora = new("--lora")
    {
        HelpName = "ADAPTER[:SCALE]",
        Description = "Apply a LoRA adapter: a folder in PEFT's form or a GGUF adapter, by default at scale 1; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>The model file.</summary>
    public static Option<string?> ModelOption() => new("--model", "-m") { HelpName = "MODEL", Description = "The model: a GGUF file, a folder as Hugging Face and Meta have them, or the name of a pulled one, ORG/NAME[:QUANT]. By default the small one that ships with cria." };

    /// <summary>Adds the options to a command's help page and parser.</summary>
    public void AddTo(Verb verb) => verb.Add("Model", [model, lora, context, threads, .. prepared.All, .. cache.All, ropeBase, ropeScaling, ropeFactor]);

    /// <summary>The model as the user named it; null when not.</summary>
    public string? Named(ParseResult parsed) => parsed.GetValue(model);

    /// <summary>How keys and values are kept.</summary>
    public KvTypes KvType(ParseResult parsed) => cache.Read(parsed);

    /// <summary>
    /// Loads the model as asked, or the one that <paramref name="named"/> names, with a bar on a terminal; for <paramref name="tokens"/> tokens where the command needs so many
    /// and the user does not say otherwise.
    /// </summary>
    public LanguageModel Load(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken, string? named = null, int parallel = 1, int queue = 1024, IReadOnlyList<NamedAdapter>? choices = null, long? tokens = null)
    {
        named ??= parsed.GetValue(model);
        string path = NamedModel.Locate(named, terminal, cancellationToken);
        using var progress = new LoadProgress(terminal, Path.GetFileName((named ?? path).TrimEnd(Path.DirectorySeparatorChar)), cancellationToken);
        using var preparing = new PreparingProgress(terminal, cancellationToken);
        (RopeScaling? scaling, long? stretched) = Scaling(parsed, path);
        return LanguageModel.Load(path, new LoadOptions
        {
            ContextLength = parsed.GetValue(context) ?? tokens ?? stretched,
            Threads = (int)(parsed.GetValue(threads) ?? 0),
            KvType = KvType(parsed),
            RopeTheta = parsed.GetValue(ropeBase),
            RopeScaling = scaling,
            Adapters = [.. (parsed.GetValue(lora) ?? []).Select(AdapterText.Parse)],
            NamedAdapters = choices ?? [],
            Parallel = parallel,
            QueueCapacity = queue,
            Cache = prepared.Read(parsed, terminal, preparing),
            Progress = progress,
        });
    }

    /// <summary>The scaling rule asked for, and the context it reaches; nulls when none was.</summary>
    private (RopeScaling? Scaling, long? Context) Scaling(ParseResult parsed, string path)
    {
        RopeRule? rule = parsed.GetValue(ropeScaling);
        double? factor = parsed.GetValue(ropeFactor);
        if (rule is null && factor is null) return (null, null);
        if (rule == RopeRule.None) return factor is null ? (RopeScaling.None, null) : throw new UsageException("--rope-factor makes no sense with --rope-scaling none");
        LlamaConfig config;
        using (ITensorSource source = ModelSource.Open(path)) config = LlamaConfig.From(source);
        RopeScaling own = config.RopeScaling;
        long original = own.Rule == RopeRule.None ? config.ContextLength : own.OriginalContext;
        RopeScaling scaling = own with
        {
            Rule = rule ?? (own.Rule == RopeRule.None ? RopeRule.Linear : own.Rule),
            Factor = factor ?? (own.Rule == RopeRule.None ? throw new UsageException("--rope-scaling needs --rope-factor too; the model names none") : own.Factor),
            OriginalContext = original,
        };
        return (scaling, (long)Math.Min(original * scaling.Factor, int.MaxValue));
    }
}
