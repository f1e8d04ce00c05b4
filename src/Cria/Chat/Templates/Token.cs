namespace Cria.Chat.Templates;

/// <summary>One token of template source; <paramref name="Value"/> is the number of a numeric literal.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Value = null)
{
    /// <summary>Whether this is the given operator.</summary>
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    /// <summary>Whether this is the given word.</summary>
    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    /// <summary>How an error names it.</summary>
    public string Description => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.Data => "text",
        TokenKind.BlockEnd => "'%}'",
        TokenKind.VariableEnd => "'}}'",
        _ => $"'{Text}'",
    };
}
