using System.CommandLine;
using Cria.Cli.Options;
using Cria.Evaluation.Needles;

namespace Cria.Cli.Needles;

/// <summary>The options of <c>cria eval niah</c> beside the model's, by the names of the Gradient model cards and of EasyContext.</summary>
internal sealed class NiahFlags
{
    private readonly Option<long?> longest = Numbers.Integer("--max-context-length", [], "TOKENS", "The longest context; by default the model's.", 1, int.MaxValue / 2);
    private readonly Option<long?> shortest = Numbers.Integer("--min-context-length", [], "TOKENS", "The shortest; by default an eighth of the longest.", 1, int.MaxValue / 2);
    private readonly Option<long?> interval = Numbers.Integer("--context-interval", [], "TOKENS", "From one context to the next; by default an eighth of the longest.", 1, int.MaxValue / 2);
    private readonly Option<double?> depths = Numbers.Real("--depth-interval", "X", "From one depth to the next, as a share of the haystack (default 0.2: six depths).", 1e-4, 1);
    private readonly Option<long?> digits = Numbers.Integer("--rnd-number-digits", [], "N", "Digits of the hidden number (default 8).", 1, 18);
    private readonly Option<long?> rounds = Numbers.Integer("--num-samples", ["--rounds"], "N", "Numbers tried in each cell (default 1).", 1, 10000);
    private readonly Option<long?> distractors = Numbers.Integer("--num-distractor", ["--distractors"], "N", "Hide N numbers of other places too (default 0).", 0, 1000);
    private readonly Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Where the random numbers begin (default 42).");
    private readonly Option<string?> haystack = HaystackOption();
    private readonly Option<long?> generator = Numbers.Integer("--generator-tokens", [], "N", "Distinct tokens of the haystack, after which it begins again; by default all.", 1, int.MaxValue);
    private readonly Option<bool> counts = new("--count-haystack") { Description = "Count a context's tokens in the haystack alone, as EasyContext does, and not in the whole prompt with its answer." };
    private readonly Option<bool> chat = new("--chat") { Description = "Ask through the model's chat template." };
    private readonly Option<string?> needle = Words("--needle", "The needle, with {} for the number.");
    private readonly Option<string?> prefix = Words("--prefix", "What stands before the haystack.");
    private readonly Option<string?> question = Words("--question", "What stands after it.");
    private readonly Option<string?> leadIn = Words("--lead-in", "How the answer begins; the number must follow.");

    /// <summary>The folder of the haystack's texts.</summary>
    public static Option<string?> HaystackOption() => new("--haystack-dir") { HelpName = "FOLDER", Description = "Texts to hide in: the folder's .txt files, one after another. By default a few sentences, repeated." };

    /// <summary>Adds the options to the help page and the parser.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add("Map", longest, shortest, interval, depths, digits, rounds, distractors, seed);
        verb.Add("Haystack", haystack, generator, counts);
        verb.Add("Words", chat, needle, prefix, question, leadIn);
    }

    /// <summary>The folder of the haystack; null for the built-in sentences.</summary>
    public string? Haystack(ParseResult parsed) => parsed.GetValue(haystack);

    /// <summary>What the map covers, for a model of <paramref name="context"/> tokens.</summary>
    public NeedleOptions Read(ParseResult parsed, long context)
    {
        int most = (int)(parsed.GetValue(longest) ?? Math.Min(context, int.MaxValue / 2));
        bool isChat = parsed.GetValue(chat);
        NeedleForm form = isChat ? NeedleForm.Conversation : NeedleForm.EasyContext;
        string? own = parsed.GetValue(needle);
        return new NeedleOptions
        {
            MaxContextLength = most,
            MinContextLength = (int)(parsed.GetValue(shortest) ?? Math.Max(1, most / 8)),
            ContextInterval = (int)(parsed.GetValue(interval) ?? Math.Max(1, most / 8)),
            DepthInterval = parsed.GetValue(depths) ?? 0.2,
            NumberDigits = (int)(parsed.GetValue(digits) ?? 8),
            Rounds = (int)(parsed.GetValue(rounds) ?? 1),
            Distractors = (int)(parsed.GetValue(distractors) ?? 0),
            Seed = parsed.GetValue(seed) ?? 42,
            GeneratorTokens = (int?)parsed.GetValue(generator),
            CountsHaystackOnly = parsed.GetValue(counts),
            IsChat = isChat,
            Form = form with
            {
                Needle = Unescaped(own) ?? form.Needle,
                Prefix = Unescaped(parsed.GetValue(prefix)) ?? form.Prefix,
                Suffix = Unescaped(parsed.GetValue(question)) ?? form.Suffix,
                LeadIn = Unescaped(parsed.GetValue(leadIn)) ?? form.LeadIn,
                Distractor = own is null ? form.Distractor : null,
            },
        };
    }

    private static Option<string?> Words(string name, string description) => new(name) { HelpName = "TEXT", Description = description + " \\n is a line break." };

    private static string? Unescaped(string? text) => text?.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);
}
