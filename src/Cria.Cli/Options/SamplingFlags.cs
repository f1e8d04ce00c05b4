using System.CommandLine;
using System.Globalization;

namespace Cria.Cli.Options;

/// <summary>The options that say how an answer is drawn and when it ends; the same for every command that generates.</summary>
internal sealed class SamplingFlags
{
    private readonly Option<long?> maxTokens = Numbers.Integer("--max-tokens", ["-n"], "N", "End after this many tokens; by default at the model's own end or the context's.", 0, int.MaxValue);
    private readonly Option<long?> minTokens = Numbers.Integer("--min-tokens", [], "N", "Do not end before this many tokens.", 0, int.MaxValue);
    private readonly Option<string[]> stop = new("--stop") { HelpName = "TEXT", Description = "End before this text; may be given several times.", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<double?> temperature = Numbers.Real("--temp", "T", "Temperature: 0 always takes the likeliest token, higher is more varied. By default the model's own, else 0.6.", 0, 1000);
    private readonly Option<double?> topP = Numbers.Real("--top-p", "P", "Draw from the likeliest tokens that make up this share. By default the model's own, else 0.9; 1 is off.", 1e-6, 1);
    private readonly Option<long?> topK = Numbers.Integer("--top-k", [], "K", "Draw from the K likeliest tokens; 0 is off.", 0, int.MaxValue);
    private readonly Option<double?> minP = Numbers.Real("--min-p", "P", "Draw from tokens at least this many times as likely as the likeliest; 0 is off.", 0, 1);
    private readonly Option<double?> typicalP = Numbers.Real("--typical-p", "P", "Draw from the tokens whose surprise is nearest the expected, to this share; 1 is off.", 1e-6, 1);
    private readonly Option<double?> xtcProbability = Numbers.Real("--xtc-probability", "P", "At this share of the steps leave out all but the least likely of the tokens that --xtc-threshold names; 0 is off.", 0, 1);
    private readonly Option<double?> xtcThreshold = Numbers.Real("--xtc-threshold", "P", "Tokens at least this likely (default 0.1).", 0, 1);
    private readonly Option<double?> repeatPenalty = Numbers.Real("--repeat-penalty", "X", "Make tokens that occurred less likely by this factor; 1 is off.", 1e-6, 1000);
    private readonly Option<long?> repeatWindow = Numbers.Integer("--repeat-window", [], "N", "Look at the last N tokens for that; 0 is all.", 0, int.MaxValue);
    private readonly Option<double?> frequencyPenalty = Numbers.Real("--frequency-penalty", "X", "Subtract from a token's logit for each time it occurred in the answer.", -1000, 1000);
    private readonly Option<double?> presencePenalty = Numbers.Real("--presence-penalty", "X", "Subtract from the logit of each token that occurred in the answer.", -1000, 1000);
    private readonly Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Draw the same answer each time; by default a new one.");
    private readonly Option<Dictionary<int, float>> logitBias = new("--logit-bias")
    {
        HelpName = "ID:X",
        Description = "Add X to the logit of token ID (-inf forbids it); may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result =>
        {
            var biases = new Dictionary<int, float>();
            foreach (string text in result.Tokens.Select(token => token.Value))
            {
                int colon = text.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0 && int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && TryBias(text[(colon + 1)..], out float bias)) biases[id] = bias;
                else result.AddError($"--logit-bias wants a token id, a colon and a number, such as 128009:-inf, not '{text}'");
            }
            return biases;
        },
    };

    /// <summary>Adds the options to a command's help page and parser.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add("Length", maxTokens, minTokens, stop);
        verb.Add("Sampling", temperature, topP, topK, minP, typicalP, xtcProbability, xtcThreshold, repeatPenalty, repeatWindow, frequencyPenalty, presencePenalty, logitBias, seed);
    }

    /// <summary>What was asked for; what was not is null and as the model says.</summary>
    public GenerationOptions Read(ParseResult parsed)
    {
        string[] stopTexts = parsed.GetValue(stop) ?? [];
        if (stopTexts.Any(text => text.Length == 0)) throw new UsageException("--stop wants a text that is not empty");
        var options = new GenerationOptions
        {
            Stop = stopTexts,
            MaxTokens = (int?)parsed.GetValue(maxTokens),
            MinTokens = (int?)parsed.GetValue(minTokens),
            Temperature = (float?)parsed.GetValue(temperature),
            TopP = (float?)parsed.GetValue(topP),
            TopK = (int?)parsed.GetValue(topK),
            MinP = (float?)parsed.GetValue(minP),
            TypicalP = (float?)parsed.GetValue(typicalP),
            XtcProbability = (float?)parsed.GetValue(xtcProbability),
            XtcThreshold = (float?)parsed.GetValue(xtcThreshold),
            RepetitionPenalty = (float?)parsed.GetValue(repeatPenalty),
            RepetitionWindow = (int?)parsed.GetValue(repeatWindow),
            FrequencyPenalty = (float?)parsed.GetValue(frequencyPenalty),
            PresencePenalty = (float?)parsed.GetValue(presencePenalty),
            LogitBias = parsed.GetValue(logitBias),
            Seed = parsed.GetValue(seed),
        };
        if (options.MinTokens > options.MaxTokens) throw new UsageException("--min-tokens is more than --max-tokens");
        return options;
    }

    private static bool TryBias(string text, out float bias)
    {
        bias = float.NegativeInfinity;
        return text is "-inf" || (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out bias) && float.IsFinite(bias));
    }
}
