namespace Cria.Tokenization;

/// <summary>What a vocabulary entry is for; the numbers are those of GGUF's <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenKind
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for text the vocabulary cannot spell.</summary>
    Unknown = 2,

    /// <summary>A special token: steers the model and never comes from ordinary text.</summary>
    Control = 3,

    /// <summary>Text that is always one token, wherever it stands.</summary>
    UserDefined = 4,

    /// <summary>A place in the vocabulary that nothing uses.</summary>
    Unused = 5,

    /// <summary>One byte, for characters the vocabulary cannot spell.</summary>
    Byte = 6,
}
