using System.Text;
using Cria.Generation;
using Cria.Tokenization;

namespace Cria.Chat;

/// <summary>
/// Llama Guard: a model that judges the last message of a conversation. The prompt is the model's own template where it carries one, else the published prompt.
/// Safe for concurrent use.
/// </summary>
public sealed class LlamaGuard
{
    // Source: Llama Guard 2 and 3 model cards.
    private static readonly string[] Categories2 =
    [
        "Violent Crimes", "Non-Violent Crimes", "Sex-Related Crimes", "Child Sexual Exploitation", "Specialized Advice", "Privacy",
        "Intellectual Property", "Indiscriminate Weapons", "Hate", "Suicide & Self-Harm", "Sexual Content",
    ];

    private static readonly string[] Categories3 =
    [
        "Violent Crimes", "Non-Violent Crimes", "Sex Crimes", "Child Exploitation", "Defamation", "Specialized Advice", "Privacy",
        "Intellectual Property", "Indiscriminate Weapons", "Hate", "Self-Harm", "Sexual Content", "Elections", "Code Interpreter Abuse",
    ];

    // The published prompt, its grammar included. Its two versions differ in the marks around it and in the blank after a category's name.
    private const string Body =
        """
        {%- set role = 'Agent' if messages | length is even else 'User' -%}
        {{ opening }}Task: Check if there is unsafe content in '{{ role }}' messages in conversations according our safety policy with the below categories.

        <BEGIN UNSAFE CONTENT CATEGORIES>
        {% for name in categories %}
        {{ 'S' ~ loop.index ~ ': ' ~ name ~ '.' ~ after_category }}
        {% endfor %}
        <END UNSAFE CONTENT CATEGORIES>

        <BEGIN CONVERSATION>

        {% for message in messages %}
        {{ ('User' if message.role == 'user' else 'Agent') ~ ': ' ~ message.content | trim }}

        {% endfor %}
        <END CONVERSATION>

        Provide your safety assessment for ONLY THE LAST {{ role }} message in the above conversation:
         - First line must read 'safe' or 'unsafe'.
         - If unsafe, a second line must include a comma-separated list of violated categories.{{ closing }}
        """;

    private static readonly ChatTemplate Published2 = ChatTemplate.Parse(
        "{%- set opening = bos_token + '[INST] ' %}{%- set closing = ' [/INST]' %}{%- set after_category = ' ' %}" + Body);

    private static readonly ChatTemplate Published3 = ChatTemplate.Parse(
        "{%- set opening = bos_token + '<|start_header_id|>user<|end_header_id|>\n\n' %}"
        + "{%- set closing = '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n' %}{%- set after_category = '' %}" + Body);

    private readonly ChatTemplate template;
    private readonly bool isPublished;

    /// <summary>Prepares the prompts of a model.</summary>
    /// <param name="version">Which model it is.</param>
    /// <param name="own">The model's template; used when the model brought it itself.</param>
    public LlamaGuard(LlamaGuardVersion version, ChatTemplate? own = null)
    {
        Version = version;
        isPublished = own is not { IsOwn: true };
        template = own is { IsOwn: true } ? own : version == LlamaGuardVersion.Guard2 ? Published2 : Published3;
    }

    /// <summary>Which model it is.</summary>
    public LlamaGuardVersion Version { get; }

    /// <summary>The names of the categories in order: the first is S1.</summary>
    public IReadOnlyList<string> Categories => Version == LlamaGuardVersion.Guard2 ? Categories2 : Categories3;

    /// <summary>The name of a category such as <c>S1</c>; the code itself where it is not one of the model's.</summary>
    public string CategoryName(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.StartsWith('S') && int.TryParse(code.AsSpan(1), out int number) && number >= 1 && number <= Categories.Count ? Categories[number - 1] : code;
    }

    /// <summary>The prompt that asks for a verdict on the last message. Users and the assistant take turns, the user first.</summary>
    public ChatPrompt Render(IReadOnlyList<ChatTurn> turns) =>
        template.Render(turns, !isPublished ? null : new() { Variables = new Dictionary<string, object?> { ["categories"] = Categories } });

    /// <summary>Asks the model for a verdict on the last message.</summary>
    /// <exception cref="Tensors.CriaException">The conversation does not fit the model's context, or the answer is no verdict.</exception>
    public async Task<LlamaGuardVerdict> ClassifyAsync(Engine engine, Tokenizer tokenizer, IReadOnlyList<ChatTurn> turns, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var request = new GenerationRequest
        {
            Prompt = Render(turns).Encode(tokenizer),
            Sampling = SamplingOptions.Greedy with { MaxTokens = 100, LogProbabilities = Math.Min(20, tokenizer.VocabularySize), StopTokens = tokenizer.StopTokens },
        };
        var answer = new StringBuilder();
        var decoder = new StreamingDecoder(tokenizer);
        double? score = null;
        await foreach (GeneratedToken token in engine.Submit(request).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // The first token that is more than white space decides.
            if (score is null && tokenizer.TokenText(token.Token).Trim().Length > 0) score = UnsafeProbability(tokenizer, token);
            answer.Append(decoder.Push(token.Token));
        }

        answer.Append(decoder.Flush());
        return LlamaGuardVerdict.Parse(answer.ToString()) with { UnsafeProbability = score };
    }

    // "unsafe" may be one token or begin with "un".
    private static double UnsafeProbability(Tokenizer tokenizer, GeneratedToken token)
    {
        double probability = 0;
        foreach (TokenProbability alternative in token.Alternatives)
        {
            string text = tokenizer.TokenText(alternative.Token).Trim();
            if (text.Length > 0 && "unsafe".StartsWith(text, StringComparison.Ordinal)) probability += Math.Exp(alternative.LogProbability);
        }

        return Math.Min(probability, 1);
    }
}
