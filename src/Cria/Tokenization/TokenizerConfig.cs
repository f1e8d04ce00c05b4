namespace Cria.Tokenization;

/// <summary>What a model file says about its vocabulary besides the tokens themselves.</summary>
internal sealed record TokenizerConfig
{
    /// <summary>The file, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>The token that begins a text.</summary>
    public int? Bos { get; init; }

    /// <summary>The token that ends a text.</summary>
    public int? Eos { get; init; }

    /// <summary>The token that ends a turn.</summary>
    public int? EndOfTurn { get; init; }

    /// <summary>The token that ends a message to a tool.</summary>
    public int? EndOfMessage { get; init; }

    /// <summary>The model wants <see cref="Bos"/> before a text.</summary>
    public bool AddsBos { get; init; } = true;
}
