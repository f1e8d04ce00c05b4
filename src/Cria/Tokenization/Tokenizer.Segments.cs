using System.Text;

namespace Cria.Tokenization;

public abstract partial class Tokenizer
{
    /// <summary>
    /// The ids of a prompt made of parts. A special token is one only where it stands in trusted text from its first character to its last;
    /// apart from that the parts are read as one text, as if nothing lay between them.
    /// </summary>
    /// <param name="segments">The parts in order.</param>
    /// <param name="addBos">Put <see cref="Bos"/> first unless the parts begin with it.</param>
    public int[] Encode(IReadOnlyList<TextSegment> segments, bool addBos = false) => Encode(segments, addBos, continues: false);

    /// <param name="segments">The parts in order.</param>
    /// <param name="addBos">Put <see cref="Bos"/> first unless the parts begin with it.</param>
    /// <param name="continues">Whether the parts go on with a text encoded before, so that no space is put before them where the vocabulary has one before every text.</param>
    /// <inheritdoc cref="Encode(IReadOnlyList{TextSegment}, bool)"/>
    internal int[] Encode(IReadOnlyList<TextSegment> segments, bool addBos, bool continues)
    {
        ArgumentNullException.ThrowIfNull(segments);
        string text = string.Concat(segments.Select(segment => segment.Text));
        if (text.Length > LongestText)
            throw TooLong(text.Length, "characters");
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<(int Start, int End)> trusted = TrustedRanges(segments, text);

        List<int> ids = new(bytes.Length / 3 + 8);
        if (addBos && Bos is { } bos)
            ids.Add(bos);
        bool afterSpecial = !continues;
        int start = 0, searched = 0, range = 0;
        while (!everySpecial.IsEmpty && everySpecial.TryFind(bytes, searched, out int position, out int length, out int id))
        {
            while (range < trusted.Count && trusted[range].End < position + length)
                range++;
            bool inside = range < trusted.Count && trusted[range].Start <= position;
            if (!inside && Vocabulary.Kind(id) != TokenKind.UserDefined)
            {
                searched = position + 1;
                continue;
            }
            if (position > start)
                EncodeText(bytes.AsSpan(start, position - start), afterSpecial, ids);
            if (ids.Count != 1 || position != 0 || id != Bos)
                ids.Add(id);
            afterSpecial = true;
            start = searched = position + length;
        }
        if (start < bytes.Length)
            EncodeText(bytes.AsSpan(start), afterSpecial, ids);
        return [.. ids];
    }

    // Ranges of UTF-8 bytes; neighbouring parts of one kind are one range.
    private static List<(int Start, int End)> TrustedRanges(IReadOnlyList<TextSegment> segments, string text)
    {
        List<(int Start, int End)> ranges = [];
        int at = 0, end = 0, byteAt = 0;
        foreach (TextSegment segment in segments)
        {
            end += segment.Text.Length;
            // Both halves of a character that a boundary cuts belong to the part before it.
            int cut = end > 0 && end < text.Length && char.IsSurrogatePair(text[end - 1], text[end]) ? end + 1 : end;
            if (cut <= at)
                continue;
            int byteEnd = byteAt + Encoding.UTF8.GetByteCount(text.AsSpan(at, cut - at));
            if (segment.IsTrusted)
            {
                if (ranges.Count > 0 && ranges[^1].End == byteAt)
                    ranges[^1] = (ranges[^1].Start, byteEnd);
                else
                    ranges.Add((byteAt, byteEnd));
            }
            (at, byteAt) = (cut, byteEnd);
        }
        return ranges;
    }
}
