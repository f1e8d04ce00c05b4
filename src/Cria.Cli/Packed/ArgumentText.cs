using System.Text;

namespace Cria.Cli.Packed;

/// <summary>A command line as one types it, in one text.</summary>
internal static class ArgumentText
{
    /// <summary>The arguments, split at spaces; single or double quotes hold one together. Throws <see cref="UsageException"/> for a quote without its end.</summary>
    public static string[] Split(string text)
    {
        List<string> arguments = [];
        StringBuilder? current = null;
        char? quote = null;
        foreach (char c in text)
        {
            if (quote is { } open)
            {
                if (c == open) quote = null;
                else current!.Append(c);
            }
            else if (char.IsWhiteSpace(c))
            {
                if (current is not null) arguments.Add(current.ToString());
                current = null;
            }
            else
            {
                current ??= new StringBuilder();
                if (c is '"' or '\'') quote = c;
                else current.Append(c);
            }
        }
        if (quote is not null) throw new UsageException($"the {quote} in the arguments has no end; close it");
        if (current is not null) arguments.Add(current.ToString());
        return [.. arguments];
    }
}
