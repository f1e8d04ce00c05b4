namespace Cria.Server.Answers;

/// <summary>A prompt that stands before its answer.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Pieces">Its tokens with their probabilities; null where those are not asked for.</param>
internal sealed record Echo(string Text, IReadOnlyList<TextPiece>? Pieces)
{
    /// <summary>The prompts of a request, one for each answer; null where none is to be repeated.</summary>
    public static async Task<IReadOnlyList<Echo>?> OfAsync(Requests.CompletionRequest request, LanguageModel model, CancellationToken cancellationToken)
    {
        if (!request.Echoes) return null;
        var echoes = new List<Echo>();
        foreach ((int[] tokens, string? text) in request.Prompts)
        {
            IReadOnlyList<TextPiece>? pieces = request.Generation.LogProbabilities is { } alternatives
                ? await model.ScoreAsync(tokens, alternatives, request.Generation.Adapter, cancellationToken).ConfigureAwait(false) : null;
            // The server put it there, and it is no part of the text.
            if (pieces is [{ Token: { } first } begin, ..] && first == model.Tokenizer.Bos && text?.StartsWith(begin.Text, StringComparison.Ordinal) == false)
                pieces = [begin with { Text = "" }, .. pieces.Skip(1)];
            // Where offsets are told, the text must be that of the tokens.
            string own = pieces is not null ? string.Concat(pieces.Select(piece => piece.Text)) : text ?? model.Detokenize(tokens);
            echoes.AddRange(Enumerable.Repeat(new Echo(own, pieces), request.Delivery.Choices));
        }
        return echoes;
    }
}
