using System.Globalization;
using System.Text.Json;
using Cria.Generation.Grammar;
using Microsoft.Extensions.AI;

namespace Cria.Chat;

/// <summary>
/// What <see cref="ChatOptions"/> ask of a model. Every member is either honoured or refused by its name; <see cref="ChatOptions.AdditionalProperties"/> takes the
/// settings that <see cref="ChatOptions"/> lacks: <c>min_p</c>, <c>typical_p</c>, <c>repetition_penalty</c>, <c>repetition_window</c>, <c>logit_bias</c>, <c>min_tokens</c>,
/// <c>log_probabilities</c>, <c>priority</c>, <c>template_name</c>, <c>template_variables</c> and <c>continue_final_message</c>.
/// </summary>
internal sealed class ChatClientRequest
{
    /// <summary>Reads options for a model.</summary>
    /// <exception cref="NotSupportedException">An option cannot be honoured; the message names it.</exception>
    public ChatClientRequest(ChatOptions? options, IChatClient client, string modelId, AnswerGrammars grammars)
    {
        options ??= new ChatOptions();
        if (options.ModelId is { } asked && asked != modelId) throw Unsupported(nameof(options.ModelId), $"'{asked}' is not loaded, '{modelId}' is");
        if (options.AllowBackgroundResponses == true) throw Unsupported(nameof(options.AllowBackgroundResponses), "answers are not kept in the background");
        if (options.ContinuationToken is not null) throw Unsupported(nameof(options.ContinuationToken), "answers are not kept in the background");
        if (options.Reasoning is { } reasoning && (reasoning.Effort is not (null or ReasoningEffort.None) || reasoning.Output is not (null or ReasoningOutput.None)))
            throw Unsupported(nameof(options.Reasoning), "the model does not reason apart from its answer");

        ReadTools(options);
        Instructions = options.Instructions;
        ConversationId = options.ConversationId;
        Generation = Read(options, client);
        ReadProperties(options.AdditionalProperties);
        Constrain(options, grammars);
    }

    /// <summary>How the answer is generated.</summary>
    public GenerationOptions Generation { get; private set; }

    /// <summary>How the prompt is written.</summary>
    public ChatTemplateOptions Template { get; private set; } = ChatTemplateOptions.Default;

    /// <summary>What goes before the conversation; null for nothing.</summary>
    public string? Instructions { get; }

    /// <summary>The conversation that the client keeps; null when the caller keeps it.</summary>
    public string? ConversationId { get; }

    /// <summary>The functions the model may call.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Tools { get; private set; } = [];

    /// <summary>Whether the answer may hold several calls.</summary>
    public bool AllowsSeveralCalls { get; private set; } = true;

    private static NotSupportedException Unsupported(string member, string reason) => new($"{nameof(ChatOptions)}.{member} is not supported here: {reason}");

    private static GenerationOptions Read(ChatOptions options, IChatClient client)
    {
        GenerationOptions start = options.RawRepresentationFactory?.Invoke(client) switch
        {
            null => new GenerationOptions(),
            GenerationOptions own => own,
            object other => throw Unsupported(nameof(options.RawRepresentationFactory), $"it makes a {other.GetType().Name}, but {nameof(GenerationOptions)} are understood"),
        };
        return start with
        {
            Temperature = options.Temperature ?? start.Temperature,
            TopP = options.TopP ?? start.TopP,
            TopK = options.TopK ?? start.TopK,
            MaxTokens = options.MaxOutputTokens ?? start.MaxTokens,
            FrequencyPenalty = options.FrequencyPenalty ?? start.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty ?? start.PresencePenalty,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : start.Seed,
            Stop = options.StopSequences is { Count: > 0 } stops ? [.. stops] : start.Stop,
        };
    }

    private void ReadTools(ChatOptions options)
    {
        AllowsSeveralCalls = options.AllowMultipleToolCalls ?? true;
        if (options.ToolMode is NoneChatToolMode) return;
        if (options.Tools is { Count: > 0 } tools)
        {
            Tools = [.. tools.Select(tool => tool as AIFunctionDeclaration
                ?? throw Unsupported(nameof(options.Tools), $"'{tool.Name}' is a {tool.GetType().Name}, but the model calls functions only"))];
            Template = Template with { Tools = [.. Tools.Select(ChatMessages.ToJson)] };
        }

        if (options.ToolMode is not (null or AutoChatToolMode or RequiredChatToolMode))
            throw Unsupported(nameof(options.ToolMode), $"{options.ToolMode.GetType().Name} is not known");
    }

    // Where a call is required, the answer is a call and has no text that a format could concern.
    private void Constrain(ChatOptions options, AnswerGrammars grammars)
    {
        TokenGrammar? grammar = null;
        if (options.ToolMode is RequiredChatToolMode required)
        {
            AIFunctionDeclaration[] callable = [.. Tools.Where(tool => required.RequiredFunctionName is null || tool.Name == required.RequiredFunctionName)];
            if (callable.Length == 0)
                throw Unsupported(nameof(options.ToolMode), $"it requires a call of {required.RequiredFunctionName ?? "a function"}, but {nameof(options.Tools)} lack it");
            grammar = grammars.Of(AnswerGrammars.CallSchema(callable));
        }
        else if (options.ResponseFormat is ChatResponseFormatJson json)
        {
            // A call is an object as well, so only a schema must make room for calls.
            grammar = json.Schema is not { } schema ? grammars.JsonObject() : grammars.Of(Tools.Count > 0 ? AnswerGrammars.CallSchema(Tools, schema) : schema);
        }
        else if (options.ResponseFormat is not (null or ChatResponseFormatText))
        {
            throw Unsupported(nameof(options.ResponseFormat), $"{options.ResponseFormat.GetType().Name} is not known");
        }

        if (grammar is null) return;
        if (Generation.Constraint is not null) throw Unsupported(nameof(options.RawRepresentationFactory), "it constrains an answer that other options constrain already");
        Generation = Generation with { Constraint = () => new GrammarConstraint(grammar) };
    }

    private void ReadProperties(AdditionalPropertiesDictionary? properties)
    {
        foreach ((string name, object? value) in properties ?? [])
        {
            if (value is null) continue;
            switch (name)
            {
                case "min_p": Generation = Generation with { MinP = Number(name, value) }; break;
                case "typical_p": Generation = Generation with { TypicalP = Number(name, value) }; break;
                case "xtc_probability": Generation = Generation with { XtcProbability = Number(name, value) }; break;
                case "xtc_threshold": Generation = Generation with { XtcThreshold = Number(name, value) }; break;
                case "repetition_penalty": Generation = Generation with { RepetitionPenalty = Number(name, value) }; break;
                case "repetition_window": Generation = Generation with { RepetitionWindow = Integer(name, value) }; break;
                case "min_tokens": Generation = Generation with { MinTokens = Integer(name, value) }; break;
                case "log_probabilities": Generation = Generation with { LogProbabilities = Integer(name, value) }; break;
                case "priority": Generation = Generation with { Priority = Integer(name, value) }; break;
                case "logit_bias": Generation = Generation with { LogitBias = value as IReadOnlyDictionary<int, float> ?? throw Wrong(name, "a dictionary from token id to number") }; break;
                case "template_name": Template = Template with { TemplateName = value as string ?? throw Wrong(name, "a string") }; break;
                case "template_variables": Template = Template with { Variables = Variables(name, value) }; break;
                case "continue_final_message": Template = Template with { ContinueFinalMessage = Flag(name, value) }; break;
                default: throw Unsupported(nameof(ChatOptions.AdditionalProperties), $"'{name}' is not a setting of this client");
            }
        }
    }

    private static NotSupportedException Wrong(string name, string wanted) => Unsupported(nameof(ChatOptions.AdditionalProperties), $"'{name}' should be {wanted}");

    private static float Number(string name, object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetSingle(),
        float or double or decimal or int or long => Convert.ToSingle(value, CultureInfo.InvariantCulture),
        _ => throw Wrong(name, "a number"),
    };

    private static int Integer(string name, object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetInt32(out int number) => number,
        int number => number,
        long number and >= int.MinValue and <= int.MaxValue => (int)number,
        _ => throw Wrong(name, "an integer"),
    };

    private static bool Flag(string name, object value) => value switch
    {
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } json => json.GetBoolean(),
        _ => throw Wrong(name, "true or false"),
    };

    private static Dictionary<string, object?> Variables(string name, object value) => value switch
    {
        IEnumerable<KeyValuePair<string, object?>> pairs => new(pairs),
        JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value),
        _ => throw Wrong(name, "a dictionary with string keys"),
    };
}
