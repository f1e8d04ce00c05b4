using Cria.Generation;
using Cria.Tokenization;

namespace Cria;

public sealed partial class LanguageModel
{
    /// <summary>
    /// How probable each token of a text is after those before it: one piece a token, with ln p under the plain softmax and the <paramref name="alternatives"/> most probable tokens
    /// at its place. The first token has neither. Special tokens stand as text.
    /// </summary>
    public async Task<IReadOnlyList<TextPiece>> ScoreAsync(ReadOnlyMemory<int> tokens, int alternatives = 0, string? adapter = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(alternatives);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alternatives, Config.VocabularySize);
        if (tokens.IsEmpty) return [];
        var scores = new (float LogProbability, TokenProbability[] Best)[tokens.Length];
        // What follows the last token is nobody's question.
        if (tokens.Length > 1) await Engine.EvaluateAsync(tokens[..^1], Score, adapter: AdapterNumber(adapter), cancellationToken: cancellationToken).ConfigureAwait(false);
        var pieces = new TextPiece[tokens.Length];
        var decoder = new StreamingDecoder(Tokenizer, skipSpecial: false);
        for (int i = 0; i < pieces.Length; i++)
        {
            int token = tokens.Span[i];
            string text = token < Tokenizer.VocabularySize ? decoder.Push(token).ToString() : "";
            if (i == pieces.Length - 1) text += decoder.Flush().ToString();
            pieces[i] = i == 0 ? new TextPiece(text, token, null, []) : new TextPiece(text, token, scores[i].LogProbability, scores[i].Best);
        }
        return pieces;

        void Score(int position, ReadOnlySpan<float> logits)
        {
            var best = new TokenProbability[alternatives];
            scores[position + 1] = (Sampler.LogProbability(logits, tokens.Span[position + 1], best), best);
        }
    }
}
