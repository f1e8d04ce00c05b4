namespace Cria.Chat.Templates;

/// <summary>
/// A template's string. Each character remembers whether it comes from the template (trusted) or from a conversation (untrusted),
/// so that only the template can write special tokens.
/// </summary>
internal sealed class TracedText
{
    /// <summary>The empty text.</summary>
    public static readonly TracedText Empty = new("", []);

    // Ascending offsets at which trust flips; characters before the first are trusted.
    private readonly int[] flips;
    private int codePointCount = -1;

    private TracedText(string value, int[] flips)
    {
        Value = value;
        this.flips = flips;
    }

    /// <summary>The characters alone.</summary>
    public string Value { get; }

    /// <summary>Number of UTF-16 units.</summary>
    public int Length => Value.Length;

    /// <summary>Number of code points, which is what templates count.</summary>
    public int CodePointCount
    {
        get
        {
            if (codePointCount < 0)
            {
                int count = Value.Length;
                for (int i = 1; i < Value.Length; i++)
                {
                    if (char.IsSurrogatePair(Value[i - 1], Value[i]))
                    {
                        count--;
                        i++;
                    }
                }

                codePointCount = count;
            }

            return codePointCount;
        }
    }

    /// <summary>Text of the template or of the model itself.</summary>
    public static TracedText Trusted(string value) => value.Length == 0 ? Empty : new(value, []);

    /// <summary>Text of a conversation.</summary>
    public static TracedText Untrusted(string value) => value.Length == 0 ? Empty : new(value, [0]);

    /// <summary>Text with the given offsets at which trust flips, the first character trusted unless 0 is among them.</summary>
    public static TracedText FromFlips(string value, int[] flips) => value.Length == 0 ? Empty : new(value, flips);

    /// <summary>The characters from <paramref name="start"/> on, with their origin.</summary>
    public TracedText Slice(int start, int length)
    {
        if (length == 0) return Empty;
        if (length == Value.Length) return this;
        string part = Value.Substring(start, length);
        if (flips.Length == 0) return new(part, []);

        var kept = new List<int>();
        foreach ((int runStart, int runLength, bool trusted) in Runs(start, length))
        {
            if (trusted == (kept.Count % 2 != 0)) kept.Add(runStart - start);
            _ = runLength;
        }

        return new(part, [.. kept]);
    }

    /// <summary>The runs of one origin within a range, in order.</summary>
    public IEnumerable<(int Start, int Length, bool IsTrusted)> Runs(int start, int length)
    {
        int end = start + length;
        int at = Array.BinarySearch(flips, start);
        int next = at >= 0 ? at + 1 : ~at;
        int position = start;
        while (position < end)
        {
            int stop = next < flips.Length ? Math.Min(flips[next], end) : end;
            yield return (position, stop - position, next % 2 == 0);
            position = stop;
            next++;
        }
    }

    /// <summary>Whether the character at an offset comes from the template.</summary>
    public bool IsTrustedAt(int offset)
    {
        int at = Array.BinarySearch(flips, offset);
        return (at >= 0 ? at + 1 : ~at) % 2 == 0;
    }

    /// <summary>The same origins over other characters of the same number.</summary>
    public TracedText WithValue(string value) => value.Length == Value.Length ? new(value, flips)
        : throw new ArgumentException("the number of characters differs", nameof(value));

    /// <summary>The offset of a code point.</summary>
    public int OffsetOf(int codePoint)
    {
        if (CodePointCount == Value.Length) return codePoint;
        int offset = 0;
        for (; codePoint > 0; codePoint--) offset += UnitsAt(offset);
        return offset;
    }

    /// <summary>One or two: the UTF-16 units of the code point at an offset.</summary>
    public int UnitsAt(int offset) => offset + 1 < Value.Length && char.IsSurrogatePair(Value[offset], Value[offset + 1]) ? 2 : 1;

    /// <summary>The code points as texts of their own.</summary>
    public IEnumerable<TracedText> CodePoints()
    {
        for (int offset = 0; offset < Value.Length;)
        {
            int units = UnitsAt(offset);
            yield return Slice(offset, units);
            offset += units;
        }
    }

    /// <summary>This text without characters of a set at its ends; white space where <paramref name="characters"/> is null.</summary>
    public TracedText Strip(string? characters, bool left = true, bool right = true)
    {
        int start = 0, end = Value.Length;
        if (left)
        {
            while (start < end && Among(start)) start++;
        }

        if (right)
        {
            while (end > start && Among(end - 1)) end--;
        }

        return Slice(start, end - start);

        bool Among(int offset) => characters is null ? IsSpace(Value[offset]) : characters.Contains(Value[offset], StringComparison.Ordinal);
    }

    /// <summary>White space as Python counts it.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    /// <inheritdoc/>
    public override string ToString() => Value;
}
