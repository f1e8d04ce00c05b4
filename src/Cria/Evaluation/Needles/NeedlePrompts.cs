using System.Globalization;
using Cria.Chat;
using Cria.Generation;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Evaluation.Needles;

/// <summary>Makes the prompts of a needle map. The haystack is read from its beginning in every cell, so prompts are equal up to their needles.</summary>
public sealed class NeedlePrompts
{
    /// <summary>Stands in a conversation for what the user says, until its tokens take its place.</summary>
    private const string Placeholder = "NEEDLE-PROMPT-0f8fad5b";

    private readonly NeedleOptions options;
    private readonly Haystack haystack;
    private readonly Tokenizer tokenizer;
    private readonly int[] before, after;

    /// <summary>Prepares prompts. <paramref name="template"/> is needed where the options ask for a conversation.</summary>
    /// <exception cref="CriaException">The template cannot put a question.</exception>
    public NeedlePrompts(NeedleOptions options, Haystack haystack, Tokenizer tokenizer, ChatTemplate? template = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(haystack);
        ArgumentNullException.ThrowIfNull(tokenizer);
        this.options = options;
        this.haystack = haystack;
        this.tokenizer = tokenizer;
        NeedleForm form = options.Form;
        if (options.IsChat)
        {
            ChatPrompt rendered = (template ?? throw new ArgumentException("a conversation needs a template", nameof(template))).Render([new ChatTurn("user", Placeholder)]);
            int place = rendered.Text.IndexOf(Placeholder, StringComparison.Ordinal);
            if (place < 0) throw new CriaException("the model's chat template does not show what the user says; leave --chat out");
            before = [.. tokenizer.Encode(rendered.SegmentsOf(..place), tokenizer.AddsBos), .. tokenizer.Encode(form.Prefix)];
            after = [.. tokenizer.Encode(form.Suffix), .. tokenizer.Encode(rendered.SegmentsOf((place + Placeholder.Length)..)), .. tokenizer.Encode(Led(form.LeadIn))];
        }
        else
        {
            before = tokenizer.Encode(form.Prefix, tokenizer.AddsBos);
            after = tokenizer.Encode(Led(form.Suffix + form.LeadIn));
        }
    }

    /// <summary>The prompt of a cell.</summary>
    /// <exception cref="CriaException">The needle does not fit.</exception>
    public NeedlePrompt Make(NeedleCell cell)
    {
        string number = Draw(cell.Round, 0);
        int[] needle = tokenizer.Encode(options.Form.Needle.Replace(NeedleForm.Number, number, StringComparison.Ordinal));
        int[] answer = tokenizer.Encode(number);
        int[][] distractors = [.. Enumerable.Range(0, options.Distractors).Select(Distractor)];
        int own = before.Length + needle.Length + distractors.Sum(tokens => tokens.Length) + after.Length + answer.Length;
        int length = options.CountsHaystackOnly ? cell.Context : cell.Context - own;
        if (length < 1) throw new CriaException($"a context of {cell.Context} tokens has no room for the needle: needle, question and answer alone take {own}; choose a shortest context of {own + 1} or more");
        int place = haystack.PlaceFor(cell.Depth, length);
        var inserted = new List<(int Place, int[] Tokens)> { (place, needle) };
        for (int i = 0; i < distractors.Length; i++) inserted.Add((haystack.PlaceFor(DistractorDepth(cell, i), length), distractors[i]));
        // The sort is stable, so a distractor at the needle's place stands behind it.
        inserted = [.. inserted.OrderBy(item => item.Place)];
        var tokens = new List<int>(own + length);
        tokens.AddRange(before);
        int at = 0, start = 0, shared = before.Length + inserted[0].Place;
        foreach ((int next, int[] piece) in inserted)
        {
            haystack.CopyTo(tokens, at, next);
            if (piece == needle) start = tokens.Count;
            tokens.AddRange(piece);
            at = next;
        }
        haystack.CopyTo(tokens, at, length);
        tokens.AddRange(after);
        return new NeedlePrompt(cell, number, [.. tokens], answer, start, needle.Length, shared);

        int[] Distractor(int i) => tokenizer.Encode(options.Form.Distractor!
            .Replace(NeedleForm.Place, NeedleForm.Places[i % NeedleForm.Places.Count], StringComparison.Ordinal)
            .Replace(NeedleForm.Number, Draw(cell.Round, 1 + i), StringComparison.Ordinal));
    }

    /// <summary>The number of a round: as many digits as asked for, the first not 0, the same in every cell.</summary>
    private string Draw(int round, int which)
    {
        long least = (long)Math.Pow(10, options.NumberDigits - 1), most = least * 10;
        if (options.NumberDigits == 1) least = 0;
        return (least + (long)(CounterRandom.Uniform(options.Seed, (ulong)round, (ulong)which) * (most - least))).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Where a distractor is wanted: another place in each cell.</summary>
    private double DistractorDepth(NeedleCell cell, int i) =>
        CounterRandom.Uniform(options.Seed, ((ulong)cell.Context << 32) | (uint)(cell.Depth * 1e6), (1UL << 63) | ((ulong)cell.Round << 32) | (uint)i);

    /// <summary>Llama 3's vocabulary keeps the space before a number as a token of its own; Llama 2's puts one before every text.</summary>
    private string Led(string leadIn) => leadIn.Length > 0 && !char.IsWhiteSpace(leadIn[^1]) && tokenizer is BytePairTokenizer ? leadIn + " " : leadIn;
}
