using System.Globalization;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Generation.Grammar;

/// <summary>One answer under a <see cref="TokenGrammar"/>: which tokens may come next, given those that came. For one caller at a time.</summary>
public sealed class TokenConstraint
{
    private readonly TokenGrammar grammar;
    private readonly GrammarAutomaton automaton;
    private GrammarAutomaton.State state;

    internal TokenConstraint(TokenGrammar grammar, GrammarAutomaton automaton, GrammarAutomaton.State state)
    {
        this.grammar = grammar;
        this.automaton = automaton;
        this.state = state;
    }

    /// <summary>True when the answer may end here. A stop token is then allowed.</summary>
    public bool IsComplete => state.IsComplete;

    /// <summary>True after a stop token.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The number of 64-bit words of a mask.</summary>
    public int MaskLength => grammar.MaskLength;

    /// <summary>The tokens that may come next: bit <c>id &amp; 63</c> of word <c>id &gt;&gt; 6</c>. There is always one, until the end. Belongs to the grammar: do not change it.</summary>
    public ReadOnlySpan<ulong> Allowed => IsEnded ? default : grammar.Mask(automaton, state);

    /// <summary>Copies the tokens that may come next into <paramref name="allowed"/>, of <see cref="MaskLength"/> words or more.</summary>
    public void Mask(Span<ulong> allowed)
    {
        if (IsEnded)
            allowed.Clear();
        else
            grammar.Mask(automaton, state).CopyTo(allowed);
    }

    /// <summary>True when the token may come next.</summary>
    public bool Allows(int token) => !IsEnded && (uint)token < (uint)grammar.Tokenizer.VocabularySize
        && (grammar.Mask(automaton, state)[token >> 6] >> (token & 63) & 1) != 0;

    /// <summary>Takes the next token.</summary>
    /// <exception cref="CriaException">The token may not come next; nothing has changed.</exception>
    public void Accept(int token)
    {
        Tokenizer tokenizer = grammar.Tokenizer;
        if (!IsEnded && state.IsComplete && tokenizer.IsStop(token))
        {
            IsEnded = true;
            return;
        }
        if (IsEnded || tokenizer.IsSpecial(token) || grammar.Advance(automaton, state, tokenizer.TokenBytes(token)) is not { } next)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"token {token} ('{tokenizer.TokenText(token).ReplaceLineEndings(" ")}') does not fit the grammar here; choose among the allowed tokens"));
        state = next;
    }

    /// <summary>
    /// The tokens of a text that must come next whatever is chosen, so that it can be taken without running the model for each of them.
    /// Appends them to <paramref name="tokens"/> without taking them: pass each to <see cref="Accept"/>. The last token of a forced text is left
    /// to the model where more text follows, since a longer token may spell it together with what follows.
    /// </summary>
    /// <returns>The number of tokens appended.</returns>
    public int ForcedTokens(List<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (IsEnded)
            return 0;
        byte[] bytes = grammar.ForcedBytes(automaton, state, out GrammarAutomaton.State after);
        int[] ids = bytes.Length == 0 ? [] : Spell(bytes);
        int count = after.IsComplete ? ids.Length : Math.Max(0, ids.Length - 1);
        tokens.AddRange(ids.AsSpan(0, count));
        return count;
    }

    /// <summary>The same answer, to go on with separately.</summary>
    public TokenConstraint Clone() => new(grammar, automaton, state) { IsEnded = IsEnded };

    /// <summary>The usual tokens of the bytes, cut at the end to whole characters; none when they would not spell the bytes back.</summary>
    private int[] Spell(ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length;
        while (length > 0 && !System.Text.Unicode.Utf8.IsValid(bytes[..length]))
            length--;
        int[] ids = grammar.Tokenizer.EncodeUtf8(bytes[..length]);
        int at = 0;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> text = grammar.Tokenizer.TokenBytes(id);
            // A vocabulary that puts a space first cannot spell the middle of a text this way.
            if (!bytes[at..].StartsWith(text))
                return [];
            at += text.Length;
        }
        return ids;
    }
}
