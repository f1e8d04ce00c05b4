namespace Cria.Generation;

/// <summary>
/// What one answer may consist of, told token by token: a grammar, a schema, a list of choices. An instance serves one answer and is used by one thread at a time.
/// It knows nothing of stop tokens: the sampler allows them exactly where <see cref="IsComplete"/> says that the answer may end.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>True when the answer so far is whole, so that it may end here.</summary>
    bool IsComplete { get; }

    /// <summary>Tokens that must come next, in order; empty when there is a choice. They are taken without running the model for each.</summary>
    ReadOnlySpan<int> ForcedTokens { get; }

    /// <summary>Writes which tokens may come next, every word of it: bit t % 64 of word t / 64 is 1 where token t may.</summary>
    void Mask(Span<ulong> allowed);

    /// <summary>Takes the token that came, which the mask or <see cref="ForcedTokens"/> allowed.</summary>
    void Accept(int token);
}
