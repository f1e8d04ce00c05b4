using System.CommandLine;
using Cria.Cli.Options;
using Cria.Extension;

namespace Cria.Cli.Extending;

/// <summary>The options of <c>cria extend</c>.</summary>
internal sealed class ExtendFlags
{
    private readonly Option<string?> model = ModelOptions.ModelOption();
    private readonly Option<string?> output = new("--output", "-o") { HelpName = "OUT", Description = "What to write: a name ending in .gguf, or that of a new folder of Hugging Face's form." };
    private readonly Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "The context to reach.", 1, int.MaxValue);
    private readonly Option<ExtensionRule?> rule = Numbers.Choice("--rule", "How; dynamic-ntk unless --theta is given.",
        ("dynamic-ntk", ExtensionRule.DynamicNtk), ("ntk", ExtensionRule.Ntk), ("critical", ExtensionRule.CriticalBase), ("linear", ExtensionRule.Linear), ("yarn", ExtensionRule.Yarn), ("llama3", ExtensionRule.Llama3));
    private readonly Option<double?> factor = Numbers.Real("--factor", "X", "The rule's factor: by default 4 for dynamic-ntk, else how many times the trained context the new one is.", 1);
    private readonly Option<IReadOnlyList<int>> stages = Numbers.List("--stages", [], "TOKENS,…", "Contexts to pass through on the way; the rule starts each from the base of the one before.", [], 1);
    private readonly Option<long?> from = Numbers.Integer("--from", [], "TOKENS", "The context the model was trained on; by default what its file says.", 1, int.MaxValue);
    private readonly Option<double?> theta = Numbers.Real("--theta", "X", "Take this rotary base instead of a rule's.", 1.000001);
    private readonly Option<double?> low = Numbers.Real("--low-freq-factor", "X", "llama3: wavelengths above the trained context over this are stretched (default 1).", 1e-6);
    private readonly Option<double?> high = Numbers.Real("--high-freq-factor", "X", "llama3: wavelengths below the trained context over this are kept (default 4).", 1e-6);
    private readonly Option<double?> betaFast = Numbers.Real("--beta-fast", "X", "yarn: pairs that turn more often than this over the trained context are kept (default 32).", 1e-6);
    private readonly Option<double?> betaSlow = Numbers.Real("--beta-slow", "X", "yarn: pairs that turn less often are stretched (default 1).", 1e-6);
    private readonly Option<double?> attentionFactor = Numbers.Real("--attention-factor", "X", "yarn: factor on the attention's angles; by default 0.1 · ln(factor) + 1.", 1e-6);
    private readonly Option<string?> schedule = new("--schedule") { HelpName = "gradient", Description = "Print the bases of the Gradient model cards, by rule and as published, and do nothing else." };
    private readonly Option<bool> asJson = new("--json") { Description = "Print JSON." };

    /// <summary>Adds the options to the help page and the parser.</summary>
    public void AddTo(Verb verb)
    {
        schedule.AcceptOnlyFromAmong("gradient");
        verb.Add("Files", model, output);
        verb.Add("Rule", context, rule, factor, stages, from, theta, low, high, betaFast, betaSlow, attentionFactor);
        verb.Add("Other", schedule, asJson);
    }

    /// <summary>Whether the cards' table is asked for.</summary>
    public bool WantsSchedule(ParseResult parsed) => parsed.GetValue(schedule) is not null;

    /// <summary>Whether JSON is asked for.</summary>
    public bool AsJson(ParseResult parsed) => parsed.GetValue(asJson);

    /// <summary>The model as the user named it.</summary>
    public string? Model(ParseResult parsed) => parsed.GetValue(model);

    /// <summary>What to write; null for nothing.</summary>
    public string? Output(ParseResult parsed) => parsed.GetValue(output);

    /// <summary>The extension asked for.</summary>
    public ExtensionOptions Read(ParseResult parsed)
    {
        double? named = parsed.GetValue(theta);
        ExtensionRule? chosen = parsed.GetValue(rule);
        if (named is not null && chosen is not null) throw new UsageException("--theta and --rule contradict each other; give one of them");
        return new ExtensionOptions
        {
            Context = parsed.GetValue(context) ?? throw new UsageException("--context is missing: the tokens to reach"),
            Rule = named is not null ? ExtensionRule.Base : chosen ?? ExtensionRule.DynamicNtk,
            Theta = named,
            Factor = parsed.GetValue(factor),
            Stages = [.. (parsed.GetValue(stages) ?? []).Select(stage => (long)stage)],
            TrainedContext = parsed.GetValue(from),
            LowFrequencyFactor = parsed.GetValue(low) ?? 1,
            HighFrequencyFactor = parsed.GetValue(high) ?? 4,
            BetaFast = parsed.GetValue(betaFast) ?? 32,
            BetaSlow = parsed.GetValue(betaSlow) ?? 1,
            AttentionFactor = parsed.GetValue(attentionFactor),
        };
    }
}
