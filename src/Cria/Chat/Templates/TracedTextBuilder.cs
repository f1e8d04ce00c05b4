using System.Text;

namespace Cria.Chat.Templates;

/// <summary>Collects text with its origin and charges every character to the rendering's budget.</summary>
internal sealed class TracedTextBuilder(RenderBudget budget)
{
    private readonly StringBuilder text = new();
    private readonly List<int> flips = [];

    /// <summary>Number of UTF-16 units so far.</summary>
    public int Length => text.Length;

    /// <summary>Appends characters of one origin.</summary>
    public TracedTextBuilder Append(ReadOnlySpan<char> characters, bool isTrusted)
    {
        if (characters.IsEmpty) return this;
        budget.SpendCharacters(characters.Length);
        if (isTrusted == (flips.Count % 2 != 0)) flips.Add(text.Length);
        text.Append(characters);
        return this;
    }

    /// <summary>Appends the template's own characters.</summary>
    public TracedTextBuilder Append(string characters) => Append(characters, isTrusted: true);

    /// <summary>Appends one character of the template's own.</summary>
    public TracedTextBuilder Append(char character) => Append([character], isTrusted: true);

    /// <summary>Appends a text with its origin.</summary>
    public TracedTextBuilder Append(TracedText value) => Append(value, 0, value.Length);

    /// <summary>Appends a part of a text with its origin.</summary>
    public TracedTextBuilder Append(TracedText value, int start, int length)
    {
        foreach ((int runStart, int runLength, bool trusted) in value.Runs(start, length))
            Append(value.Value.AsSpan(runStart, runLength), trusted);
        return this;
    }

    /// <summary>Appends a text <paramref name="count"/> times.</summary>
    public TracedTextBuilder Repeat(TracedText value, long count)
    {
        if (value.Length == 0 || count <= 0) return this;
        budget.CheckCharacters(value.Length * (Int128)count);
        for (; count > 0; count--) Append(value);
        return this;
    }

    /// <summary>The collected text.</summary>
    public TracedText ToText() => TracedText.FromFlips(text.ToString(), [.. flips]);
}
