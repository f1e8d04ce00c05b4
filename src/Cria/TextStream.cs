using System.Text;
using Cria.Generation;
using Cria.Tokenization;

namespace Cria;

/// <summary>An answer in the making: its text piece by piece. To be read once; leaving the loop early stops the answer.</summary>
public sealed class TextStream : IAsyncEnumerable<TextPiece>
{
    private readonly TokenStream tokens;
    private readonly Tokenizer tokenizer;
    private readonly GenerationOptions options;
    private readonly int minTokens;
    private readonly CancellationToken cancellationToken;
    private int generated;
    private bool ended;

    internal TextStream(TokenStream tokens, Tokenizer tokenizer, GenerationOptions options, CancellationToken cancellationToken)
    {
        this.tokens = tokens;
        this.tokenizer = tokenizer;
        this.options = options;
        this.cancellationToken = cancellationToken;
        minTokens = options.MinTokens ?? 0;
    }

    /// <summary>The seed in use: the one asked for, or the one drawn.</summary>
    public ulong Seed => tokens.Seed;

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => tokens.PromptTokens;

    /// <summary>Why the answer ended; null while it has not.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>The stop token's or stop string's text that ended the answer; null where neither did.</summary>
    public string? StopText { get; private set; }

    /// <summary>What the answer has cost so far.</summary>
    public GenerationUsage Usage => ended ? tokens.Usage with { GeneratedTokens = generated } : tokens.Usage;

    /// <summary>Stops the answer; what has come stays readable. Safe from any thread.</summary>
    public void Cancel() => tokens.Cancel();

    /// <summary>
    /// The pieces as they come; the last one has no token and says how the answer ended. Throws <see cref="OperationCanceledException"/> when a token asks, and the failure when there was one.
    /// </summary>
    public async IAsyncEnumerator<TextPiece> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(this.cancellationToken, cancellationToken);
        var decoder = new StreamingDecoder(tokenizer, skipSpecial: !options.ShowSpecialTokens);
        var stops = new StopStrings(options.Stop);
        await foreach (GeneratedToken token in tokens.WithCancellation(both.Token).ConfigureAwait(false))
        {
            generated++;
            string text = Push(token.Token);
            if (stops.Found is not null)
            {
                yield return new TextPiece(text, token.Token, token.LogProbability, token.Alternatives);
                break;
            }
            yield return new TextPiece(text, token.Token, token.LogProbability, token.Alternatives);
        }
        ended = true;
        if (stops.Found is not null) (FinishReason, StopText) = (Generation.FinishReason.Stop, stops.Found);
        else FinishReason = await tokens.Completion.ConfigureAwait(false);
        if (tokens.StopToken is { } stop && stops.Found is null) StopText = tokenizer.TokenText(stop);
        string rest = stops.Found is null ? stops.Pass(decoder.Flush()) : "";
        yield return new TextPiece(rest, null, null, [], FinishReason, Usage);

        string Push(int token)
        {
            // A network may have more rows than the vocabulary has tokens; those stand for nothing.
            ReadOnlySpan<char> text = token < tokenizer.VocabularySize ? decoder.Push(token) : default;
            return generated < minTokens ? stops.Pass(text) : stops.Push(text);
        }
    }

    /// <summary>Reads the whole answer. Throws as reading the pieces does.</summary>
    public async Task<Answer> ToAnswerAsync(CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        var all = new List<GeneratedToken>();
        await foreach (TextPiece piece in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            text.Append(piece.Text);
            if (piece.Token is { } token) all.Add(new GeneratedToken(token, piece.LogProbability, piece.Alternatives));
        }
        return new Answer(text.ToString(), all, FinishReason!.Value, StopText, Usage, Seed);
    }
}
