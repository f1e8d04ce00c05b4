namespace Cria.Chat.Templates;

/// <summary>What a piece of template source is.</summary>
internal enum TokenKind
{
    /// <summary>Text outside tags.</summary>
    Data,

    /// <summary>The start of a statement tag.</summary>
    BlockBegin,

    /// <summary>The end of a statement tag.</summary>
    BlockEnd,

    /// <summary>The start of an output tag.</summary>
    VariableBegin,

    /// <summary>The end of an output tag.</summary>
    VariableEnd,

    /// <summary>An identifier or keyword.</summary>
    Name,

    /// <summary>A string literal, decoded.</summary>
    String,

    /// <summary>An integer literal.</summary>
    Integer,

    /// <summary>A floating-point literal.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}
