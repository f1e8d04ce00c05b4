using System.Text.Json;
using Cria.Chat.Templates;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Chat;

/// <summary>
/// Turns a conversation into the prompt a model was trained on, by the Jinja template that the model carries. Safe for concurrent use.
/// What the conversation says is kept apart from what the template says, so no message can write a special token.
/// </summary>
public sealed class ChatTemplate
{
    private const string MetadataKey = "tokenizer.chat_template";

    // A role is often part of a special token's name (<|user|>), so only these words of the conversation are trusted.
    private static readonly HashSet<string> TrustedRoles = new(StringComparer.Ordinal) { "system", "user", "assistant", "tool", "ipython", "developer", "function", "model" };

    private readonly Template template;
    private readonly IReadOnlyDictionary<string, Template> named;

    private ChatTemplate(Template template, IReadOnlyDictionary<string, Template> named, string bosToken, string eosToken, bool isOwn)
    {
        this.template = template;
        this.named = named;
        BosToken = bosToken;
        EosToken = eosToken;
        IsOwn = isOwn;
    }

    /// <summary>The prompt format of Llama 3, for models that carry no template.</summary>
    public static ChatTemplate Llama3 { get; } = new(Template.Parse(ChatFormats.Llama3), new Dictionary<string, Template>(), "<|begin_of_text|>", "<|eot_id|>", isOwn: false);

    /// <summary>The prompt format of Llama 2, for models that carry no template.</summary>
    public static ChatTemplate Llama2 { get; } = new(Template.Parse(ChatFormats.Llama2), new Dictionary<string, Template>(), "<s>", "</s>", isOwn: false);

    /// <summary>The template as written.</summary>
    public string Source => template.Source;

    /// <summary>The text of the token that begins a prompt, as the template sees it.</summary>
    public string BosToken { get; }

    /// <summary>The text of the token that ends an answer, as the template sees it.</summary>
    public string EosToken { get; }

    /// <summary>Whether the model brought the template itself.</summary>
    public bool IsOwn { get; }

    /// <summary>The model's further templates.</summary>
    public IEnumerable<string> Names => named.Keys;

    /// <summary>Reads a template.</summary>
    /// <exception cref="CriaException">The template is faulty; the message names the line.</exception>
    public static ChatTemplate Parse(string source, string bosToken = "<|begin_of_text|>", string eosToken = "<|eot_id|>")
    {
        ArgumentNullException.ThrowIfNull(source);
        return new(Template.Parse(source), new Dictionary<string, Template>(), bosToken, eosToken, isOwn: true);
    }

    /// <summary>
    /// The template of a model (<c>tokenizer.chat_template</c> and <c>tokenizer.chat_template.NAME</c>); where it has none, the format of Llama 3, or of Llama 2
    /// where the vocabulary is that of Llama 2.
    /// </summary>
    /// <exception cref="CriaException">The model's template is faulty; the message names the file and the line.</exception>
    public static ChatTemplate FromMetadata(ModelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string bos = TokenText(metadata, "tokenizer.ggml.bos_token_id"), eos = TokenText(metadata, "tokenizer.ggml.eos_token_id");
        if (!metadata.Contains(MetadataKey))
        {
            ChatTemplate format = metadata.Text("tokenizer.ggml.model", "gpt2") == "llama" ? Llama2 : Llama3;
            return new(format.template, format.named, bos.Length > 0 ? bos : format.BosToken, eos.Length > 0 ? eos : format.EosToken, isOwn: false);
        }

        var named = new Dictionary<string, Template>(StringComparer.Ordinal);
        foreach (string key in metadata.Values.Keys.Where(key => key.StartsWith(MetadataKey + ".", StringComparison.Ordinal)))
            named[key[(MetadataKey.Length + 1)..]] = ParseOf(metadata, key);
        return new(ParseOf(metadata, MetadataKey), named, bos, eos, isOwn: true);
    }

    /// <summary>Renders a conversation.</summary>
    /// <exception cref="CriaException">The template refuses the conversation or fails on it; the message names the template's line.</exception>
    public ChatPrompt Render(IReadOnlyList<ChatTurn> turns, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(turns);
        options ??= ChatTemplateOptions.Default;
        var input = new TemplateInput();
        input.Set("messages", new TemplateList([.. turns.Select(turn => Message(input, turn))]));
        input.Set("tools", options.Tools is { Count: > 0 } tools ? tools : null);
        input.Set("documents", null);
        input.Set("add_generation_prompt", options.AddGenerationPrompt && !options.ContinueFinalMessage);
        input.SetTrusted("bos_token", BosToken);
        input.SetTrusted("eos_token", EosToken);
        foreach ((string name, object? value) in options.Variables ?? new Dictionary<string, object?>()) input.Set(name, value);

        (TracedText text, IReadOnlyList<Range> ranges) = Choose(options).Render(input, options.Clock);
        if (!options.ContinueFinalMessage) return new(text, ranges);
        TracedText cut = CutAfterLastMessage(text, turns);
        return new(cut, [.. ranges.Where(range => range.Start.Value < cut.Length).Select(range => range.Start.Value..Math.Min(range.End.Value, cut.Length))]);
    }

    private static Template ParseOf(ModelMetadata metadata, string key)
    {
        try
        {
            return Template.Parse(metadata.Text(key));
        }
        catch (TemplateException error)
        {
            throw new CriaException($"{metadata.Path}: {key}: {error.Message}", error);
        }
    }

    private static string TokenText(ModelMetadata metadata, string key)
    {
        string[]? tokens = metadata.Array<string>("tokenizer.ggml.tokens");
        long id = metadata.Integer(key, -1);
        return tokens is not null && id >= 0 && id < tokens.Length ? tokens[id] : "";
    }

    private Template Choose(ChatTemplateOptions options)
    {
        if (options.TemplateName is { } name)
            return named.TryGetValue(name, out Template? chosen) ? chosen : throw new CriaException($"the model has no chat template named '{name}'; it has: {string.Join(", ", named.Keys.Prepend("the default one"))}");
        return options.Tools is { Count: > 0 } && named.TryGetValue("tool_use", out Template? forTools) ? forTools : template;
    }

    private static TemplateMap Message(TemplateInput input, ChatTurn turn)
    {
        var message = new TemplateMap();
        message.Set("role", input.Convert(turn.Role, TrustedRoles.Contains(turn.Role)));
        message.Set("content", input.Convert(turn.Data is { } data ? data : turn.Content, isTrusted: false));
        if (turn.Name is not null) message.Set("name", input.Convert(turn.Name, isTrusted: false));
        if (turn.ToolCallId is not null) message.Set("tool_call_id", input.Convert(turn.ToolCallId, isTrusted: false));
        if (turn.ToolCalls is { Count: > 0 } calls) message.Set("tool_calls", new TemplateList([.. calls.Select(call => ToolCall(input, call))]));
        foreach ((string name, object? value) in turn.Extra ?? new Dictionary<string, object?>())
            message.TrySet(input.Convert(name, isTrusted: false), input.Convert(value, isTrusted: false));
        return message;
    }

    private static TemplateMap ToolCall(TemplateInput input, ChatToolCall call)
    {
        var function = new TemplateMap();
        function.Set("name", input.Convert(call.Name, isTrusted: false));
        function.Set("arguments", call.Arguments.ValueKind == JsonValueKind.Undefined ? new TemplateMap() : input.Convert(call.Arguments, isTrusted: false));
        var entry = new TemplateMap();
        if (call.Id is not null) entry.Set("id", input.Convert(call.Id, isTrusted: false));
        entry.Set("type", TracedText.Trusted("function"));
        entry.Set("function", function);
        return entry;
    }

    private static TracedText CutAfterLastMessage(TracedText text, IReadOnlyList<ChatTurn> turns)
    {
        string last = turns.Count > 0 && turns[^1].Content is { } content ? content.Trim() : "";
        int at = last.Length == 0 ? -1 : text.Value.LastIndexOf(last, StringComparison.Ordinal);
        if (at < 0) throw new CriaException("the last message cannot be continued: the chat template does not show its text; end with a message that has text");
        return text.Slice(0, at + last.Length);
    }
}
