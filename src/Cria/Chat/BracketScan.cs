using System.Text;

namespace Cria.Chat;

/// <summary>Finds where a bracket closes in text that is still growing; every character is looked at once.</summary>
internal struct BracketScan(int start)
{
    private int depth;
    private char quote;
    private bool isEscaped;

    /// <summary>The next character to look at; after the closing bracket once it is found.</summary>
    public int Position { get; private set; } = start;

    /// <summary>Looks at what was added; true when the bracket at the start is closed.</summary>
    public bool Advance(StringBuilder text)
    {
        // Chunks keep this linear; indexing a StringBuilder is not.
        int offset = 0;
        foreach (ReadOnlyMemory<char> chunk in text.GetChunks())
        {
            for (int i = Math.Max(0, Position - offset); i < chunk.Length; i++)
            {
                Position = offset + i + 1;
                if (Close(chunk.Span[i])) return true;
            }

            offset += chunk.Length;
        }

        return false;
    }

    private bool Close(char character)
    {
        if (quote != '\0')
        {
            if (isEscaped) isEscaped = false;
            else if (character == '\\') isEscaped = true;
            else if (character == quote) quote = '\0';
            return false;
        }

        switch (character)
        {
            case '"' or '\'': quote = character; break;
            case '{' or '[' or '(': depth++; break;
            case '}' or ']' or ')': return --depth <= 0;
        }

        return false;
    }
}
