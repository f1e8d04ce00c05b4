using Cria.Chat;
using Cria.Generation;

namespace Cria;

public sealed partial class LanguageModel
{
    /// <summary>Continues a text, without a chat template. Throws <see cref="PromptTooLongException"/> before anything runs when it does not fit.</summary>
    public Answer Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Wait(GenerateAsync(prompt, options, cancellationToken));

    /// <summary>Continues tokens.</summary>
    public Answer Generate(ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Wait(GenerateAsync(prompt, options, cancellationToken));

    /// <summary>Continues a text piece by piece, without a chat template. The work begins with the call.</summary>
    public TextStream GenerateAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return GenerateAsync(Tokenize(prompt), options, cancellationToken);
    }

    /// <summary>Continues tokens piece by piece. The work begins with the call.</summary>
    public TextStream GenerateAsync(ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(prompt, 1, options, cancellationToken)[0];

    /// <summary>Continues tokens in several ways, which differ in their random numbers and share the prompt's work.</summary>
    public IReadOnlyList<TextStream> GenerateAsync(ReadOnlyMemory<int> prompt, int samples, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        GenerationOptions chosen = options ?? new GenerationOptions();
        IReadOnlyList<TokenStream> streams = Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = chosen, Priority = chosen.Priority, Adapter = AdapterNumber(chosen.Adapter), Constraint = chosen.Constraint }, samples);
        return [.. streams.Select(stream => new TextStream(stream, Tokenizer, chosen, cancellationToken))];
    }

    /// <summary>Answers one question. For a conversation see <see cref="StartChat"/>.</summary>
    public Answer Chat(string message, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Wait(ChatAsync(message, options, cancellationToken));

    /// <summary>Answers a conversation.</summary>
    public Answer Chat(IReadOnlyList<ChatTurn> messages, GenerationOptions? options = null, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default) =>
        Wait(ChatAsync(messages, options, template, cancellationToken));

    /// <summary>Answers one question piece by piece. The work begins with the call.</summary>
    public TextStream ChatAsync(string message, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return ChatAsync([new ChatTurn("user", message)], options, null, cancellationToken);
    }

    /// <summary>Answers a conversation piece by piece. What an earlier request had in common with it is not computed again. The work begins with the call.</summary>
    public TextStream ChatAsync(IReadOnlyList<ChatTurn> messages, GenerationOptions? options = null, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(ToPrompt(messages, template), options, cancellationToken);

    /// <summary>Begins a conversation that remembers its turns.</summary>
    public ChatSession StartChat(string? system = null) => new(this, system);

    /// <summary>The prompt of a conversation, as the model's template writes it.</summary>
    public int[] ToPrompt(IReadOnlyList<ChatTurn> messages, ChatTemplateOptions? template = null) => Template.Render(messages, template).Encode(Tokenizer);

    /// <summary>The logits after each token: [tokens][vocabulary]. For long texts use <see cref="EvaluateAsync"/>, which keeps nothing.</summary>
    public float[][] Evaluate(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default)
    {
        float[][] rows = new float[tokens.Length][];
        EvaluateAsync(tokens, (position, logits) => rows[position] = logits.ToArray(), cancellationToken: cancellationToken).GetAwaiter().GetResult();
        return rows;
    }

    /// <summary>Gives <paramref name="reader"/> the logits after each token from position <paramref name="from"/> on, in order, on the engine's thread.</summary>
    public Task EvaluateAsync(ReadOnlyMemory<int> tokens, LogitsReader reader, int from = 0, CancellationToken cancellationToken = default) =>
        Engine.EvaluateAsync(tokens, reader, from, cancellationToken: cancellationToken);

    /// <summary>
    /// A vector for the meaning of a text, of length 1: the mean of the features after each of its tokens: [hidden]. Llamas that were not trained for it give vectors that
    /// tell texts apart, but less well than models made for embedding.
    /// </summary>
    public async Task<float[]> EmbedAsync(ReadOnlyMemory<int> tokens, string? adapter = null, CancellationToken cancellationToken = default)
    {
        var sum = new double[Config.HiddenSize];
        int next = 0;
        await Engine.ReadFeaturesAsync(tokens, Add, AdapterNumber(adapter), cancellationToken: cancellationToken).ConfigureAwait(false);
        double length = Math.Sqrt(sum.Sum(value => value * value));
        return [.. sum.Select(value => (float)(length > 0 ? value / length : 0))];

        void Add(int position, ReadOnlySpan<float> features)
        {
            if (position != next) return;
            next++;
            for (int i = 0; i < sum.Length; i++) sum[i] += features[i];
        }
    }

    private static Answer Wait(TextStream stream) => stream.ToAnswerAsync().GetAwaiter().GetResult();
}
