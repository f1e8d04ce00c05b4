using System.Text;

namespace Cria;

/// <summary>Finds texts that end an answer in text that comes in pieces, and holds back what may be the beginning of one.</summary>
internal sealed class StopStrings(IReadOnlyList<string> stops)
{
    private readonly string[] stops = [.. stops.Where(stop => stop.Length > 0).Distinct()];
    private readonly StringBuilder held = new();

    /// <summary>The stop text that was found; nothing comes after it.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes more text and returns what is certainly part of the answer.</summary>
    public string Push(ReadOnlySpan<char> text)
    {
        if (Found is not null) return "";
        if (stops.Length == 0 && held.Length == 0) return text.ToString();
        string all = held.Append(text).ToString();
        int end = all.Length;
        foreach (string stop in stops)
        {
            // Of several, the one that begins first.
            int at = all.AsSpan(0, Math.Min(all.Length, end + stop.Length - 1)).IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0) (end, Found) = (at, stop);
        }
        if (Found is null)
        {
            foreach (string stop in stops) end = Math.Min(end, all.Length - OverlapLength(all, stop));
        }
        held.Clear();
        if (Found is null) held.Append(all, end, all.Length - end);
        return all[..end];
    }

    /// <summary>Takes text in which no stop counts yet.</summary>
    public string Pass(ReadOnlySpan<char> text)
    {
        string all = held.Append(text).ToString();
        held.Clear();
        return all;
    }

    /// <summary>Ends the text and returns what was held back.</summary>
    public string Flush() => Pass(default);

    /// <summary>Length of the longest end of <paramref name="text"/> that begins <paramref name="stop"/> without completing it.</summary>
    private static int OverlapLength(string text, string stop)
    {
        for (int length = Math.Min(stop.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) return length;
        }
        return 0;
    }
}
