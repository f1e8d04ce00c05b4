using System.Text;

namespace Cria.Evaluation.Ruler;

/// <summary>A needle task of RULER: keys with values, hidden in a haystack, and asked for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Haystack">What they are hidden in.</param>
public sealed record RetrievalTask(string Name, RulerHaystack Haystack) : RulerTask(Name, 128)
{
    private const string Template = "Some special magic {type_needle_v} are hidden within the following text. Make sure to memorize it. I will quiz you about the {type_needle_v} afterwards.\n{context}\n"
        + "What are all the special magic {type_needle_v} for {query} mentioned in the provided text?";
    private const string Prefix = " The special magic {type_needle_v} for {query} mentioned in the provided text are";
    private const string Needle = "One of the special magic {type_needle_v} for {key} is: {value}.";

    /// <summary>Depths that essays have needles at: 40, evenly from 0 to 100%.</summary>
    private static readonly int[] Depths = [.. Enumerable.Range(0, 40).Select(i => (int)Math.Round(i * 100 / 39.0, MidpointRounding.ToEven))];

    /// <summary>What keys are.</summary>
    public RulerWord Keys { get; init; } = RulerWord.Words;

    /// <summary>What values are.</summary>
    public RulerWord Values { get; init; } = RulerWord.Numbers;

    /// <summary>Keys hidden.</summary>
    public int KeyCount { get; init; } = 1;

    /// <summary>Values a key.</summary>
    public int ValueCount { get; init; } = 1;

    /// <summary>Keys asked for.</summary>
    public int QueryCount { get; init; } = 1;

    /// <inheritdoc/>
    public override bool NeedsEssays => Haystack == RulerHaystack.Essay;

    /// <inheritdoc/>
    internal override int Step(int length) => Haystack == RulerHaystack.Essay ? 500 : length < 4096 ? 5 : 25;

    /// <inheritdoc/>
    internal override RulerText Make(int units, RulerDice dice, RulerContext context)
    {
        string kind = Values.ToString().ToLowerInvariant();
        var pairs = new List<(string Key, string[] Values)>();
        var needles = new List<string>();
        for (int i = 0; i < Math.Max(KeyCount, QueryCount); i++)
        {
            string key = dice.Word(Keys);
            string[] values = [.. Enumerable.Range(0, ValueCount).Select(_ => dice.Word(Values))];
            pairs.Add((key, values));
            needles.AddRange(values.Select(value => Hidden(kind, key, value)));
        }
        dice.Shuffle(needles);
        string text = Haystack == RulerHaystack.Essay ? InEssays(units, needles, dice, context) : InLines(units, needles, kind, dice);
        (string Key, string[] Values)[] asked = [.. dice.Different(QueryCount, pairs.Count).Select(i => pairs[i])];
        string query = asked.Length == 1 ? asked[0].Key : string.Join(", ", asked.SkipLast(1).Select(pair => pair.Key)) + ", and " + asked[^1].Key;
        bool isSingle = QueryCount * ValueCount == 1;
        return new RulerText(Fill(Template, isSingle, kind, query).Replace("{context}", text, StringComparison.Ordinal), Fill(Prefix, isSingle, kind, query), [.. asked.SelectMany(pair => pair.Values)]);
    }

    /// <summary>For a single answer RULER turns its words from many to one.</summary>
    private static string Fill(string template, bool isSingle, string kind, string query)
    {
        if (isSingle)
        {
            template = template.Replace("Some", "A", StringComparison.Ordinal).Replace("are all", "is", StringComparison.Ordinal).Replace("are", "is", StringComparison.Ordinal);
            kind = kind[..^1];
        }
        return template.Replace("{type_needle_v}", kind, StringComparison.Ordinal).Replace("{query}", query, StringComparison.Ordinal);
    }

    private static string Hidden(string kind, string key, string value) =>
        Needle.Replace("{type_needle_v}", kind, StringComparison.Ordinal).Replace("{key}", key, StringComparison.Ordinal).Replace("{value}", value, StringComparison.Ordinal);

    private string InLines(int units, List<string> needles, string kind, RulerDice dice)
    {
        List<string> lines = [.. Enumerable.Range(0, units).Select(_ => Haystack == RulerHaystack.Noise ? Needles.Haystack.Sentences : Hidden(kind, dice.Word(Keys), dice.Word(Values)))];
        // From the back, so that a place means the same before and after.
        int[] places = [.. dice.Different(needles.Count, Math.Max(units, needles.Count)).OrderDescending()];
        for (int i = 0; i < needles.Count; i++) lines.Insert(Math.Min(places[i], lines.Count), needles[i]);
        return string.Join('\n', lines);
    }

    private static string InEssays(int units, List<string> needles, RulerDice dice, RulerContext context)
    {
        var words = new StringBuilder();
        for (int i = 0; i < units; i++) words.Append(i > 0 ? " " : "").Append(context.Essays[i % context.Essays.Count]);
        IReadOnlyList<string> sentences = Sentences.Of(words.ToString());
        int[] places = [.. dice.Different(needles.Count, Depths.Length).Select(i => sentences.Count * Depths[i] / 100).Order()];
        var parts = new List<string>();
        int from = 0;
        for (int i = 0; i <= needles.Count; i++)
        {
            int to = i < needles.Count ? places[i] : sentences.Count;
            parts.Add(string.Join(' ', sentences.Skip(from).Take(to - from)));
            if (i < needles.Count) parts.Add(needles[i]);
            from = to;
        }
        return string.Join(' ', parts);
    }
}
