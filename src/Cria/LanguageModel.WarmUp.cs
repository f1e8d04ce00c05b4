namespace Cria;

public sealed partial class LanguageModel
{
    private const int WarmUpTokens = 32;

    /// <summary>Runs a few tokens through the network, so that the weights are in memory and the code is compiled before the first request.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken = default)
    {
        // All but the last token come in one step and the last in another: the two shapes of a step.
        int token = Tokenizer.Bos ?? 0;
        int[] prompt = [.. Enumerable.Repeat(token, Math.Min(WarmUpTokens, ContextLength))];
        await Engine.EvaluateAsync(prompt, static (_, _) => { }, prompt.Length - 1, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
