using Cria.Chat.Templates;
using Cria.Tokenization;

namespace Cria.Chat;

/// <summary>A rendered conversation: its text, and which parts of it the template wrote.</summary>
public sealed class ChatPrompt
{
    private readonly TracedText traced;

    internal ChatPrompt(TracedText traced, IReadOnlyList<Range> assistantRanges)
    {
        this.traced = traced;
        AssistantRanges = assistantRanges;
    }

    /// <summary>The whole text. Encoding it with special tokens on would let users write special tokens; encode <see cref="Segments"/> instead.</summary>
    public string Text => traced.Value;

    /// <summary>The parts in order; only trusted ones may hold special tokens.</summary>
    public IReadOnlyList<TextSegment> Segments => SegmentsOf(0..traced.Length);

    /// <summary>Ranges of <see cref="Text"/> that the template marks as the assistant's own words (<c>{% generation %}</c>); empty where it marks none.</summary>
    public IReadOnlyList<Range> AssistantRanges { get; }

    /// <summary>The parts of a range of <see cref="Text"/>, in order.</summary>
    public IReadOnlyList<TextSegment> SegmentsOf(Range range)
    {
        (int start, int length) = range.GetOffsetAndLength(traced.Length);
        return [.. traced.Runs(start, length).Select(run => new TextSegment(traced.Value.Substring(run.Start, run.Length), run.IsTrusted))];
    }

    /// <summary>The token ids of the prompt, with the model's beginning-of-text token in front exactly once where the model wants it.</summary>
    public int[] Encode(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.Encode(Segments, tokenizer.AddsBos);
    }
}
