namespace Cria.Tensors.Formats;

/// <summary>Text that came from a file and may be hostile, made fit for a message.</summary>
internal static class ForeignText
{
    private const int Longest = 80;

    /// <summary>One line, without control characters, not too long.</summary>
    public static string Shown(string text)
    {
        string shown = text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");
        return string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
