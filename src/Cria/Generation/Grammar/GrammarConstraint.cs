using System.Runtime.InteropServices;

namespace Cria.Generation.Grammar;

/// <summary>One answer under a grammar, as an engine asks for it: <c>Constraint = () =&gt; new GrammarConstraint(grammar)</c>.</summary>
public sealed class GrammarConstraint : ITokenConstraint
{
    private readonly TokenConstraint answer;
    private readonly List<int> forced = [];
    private bool knowsForced;

    /// <summary>Begins an answer.</summary>
    public GrammarConstraint(TokenGrammar grammar)
    {
        ArgumentNullException.ThrowIfNull(grammar);
        answer = grammar.Start();
    }

    /// <inheritdoc/>
    public bool IsComplete => answer.IsComplete;

    /// <inheritdoc/>
    public ReadOnlySpan<int> ForcedTokens
    {
        get
        {
            if (!knowsForced)
            {
                forced.Clear();
                answer.ForcedTokens(forced);
                knowsForced = true;
            }

            return CollectionsMarshal.AsSpan(forced);
        }
    }

    /// <inheritdoc/>
    public void Mask(Span<ulong> allowed)
    {
        // A network may have more rows than the vocabulary has tokens.
        allowed.Clear();
        answer.Mask(allowed);
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
        answer.Accept(token);
        knowsForced = false;
    }
}
