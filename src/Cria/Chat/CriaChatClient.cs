using System.Runtime.CompilerServices;
using System.Text;
using Cria.Generation;
using Cria.Tensors;
using Microsoft.Extensions.AI;

namespace Cria.Chat;

/// <summary>
/// A model as Microsoft.Extensions.AI's <see cref="IChatClient"/>, for everything that is written against it. Safe for concurrent callers, whose answers are computed together.
/// Every member of <see cref="ChatOptions"/> is honoured or refused with a <see cref="NotSupportedException"/> that names it.
/// </summary>
/// <remarks>
/// <see cref="ChatOptions.AdditionalProperties"/> may hold <c>min_p</c>, <c>typical_p</c>, <c>repetition_penalty</c>, <c>repetition_window</c>, <c>logit_bias</c>, <c>min_tokens</c>,
/// <c>log_probabilities</c>, <c>priority</c>, <c>template_name</c>, <c>template_variables</c> and <c>continue_final_message</c>; <see cref="ChatOptions.RawRepresentationFactory"/> may make
/// <see cref="GenerationOptions"/>. With a <see cref="ChatOptions.ConversationId"/> of the caller's choice the client keeps the conversation, and only new messages are sent.
/// </remarks>
public sealed class CriaChatClient : IChatClient
{
    private const int KeptConversations = 256;

    private readonly LanguageModel model;
    private readonly bool ownsModel;
    private readonly ChatClientMetadata metadata;
    private readonly AnswerGrammars grammars;
    private readonly ConversationStore conversations = new(KeptConversations);

    /// <summary>Makes a client.</summary>
    /// <param name="model">The model that answers.</param>
    /// <param name="ownsModel">Whether disposing the client disposes the model.</param>
    public CriaChatClient(LanguageModel model, bool ownsModel = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        this.ownsModel = ownsModel;
        grammars = new AnswerGrammars(model.Tokenizer);
        metadata = new ChatClientMetadata("cria", defaultModelId: model.Name);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">An option or a message's content cannot be honoured; the message names it.</exception>
    /// <exception cref="CriaException">The conversation does not fit the context, the template refuses it, or an option is out of range.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false)) updates.Add(update);
        ChatResponse response = updates.ToChatResponse();
        response.AdditionalProperties = updates[^1].AdditionalProperties;
        // An answer without a word is an answer all the same.
        if (response.Messages.Count == 0) response.Messages.Add(new ChatMessage(ChatRole.Assistant, ""));
        return response;
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">An option or a message's content cannot be honoured; the message names it.</exception>
    /// <exception cref="CriaException">The conversation does not fit the context, the template refuses it, or an option is out of range.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Answer(messages, options, cancellationToken);
    }

    /// <summary>The client's metadata, model, engine, tokenizer, template, or the client itself.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return new object[] { metadata, model, model.Engine, model.Tokenizer, model.Template, this }.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    /// <summary>Disposes the model where the client owns it.</summary>
    public void Dispose()
    {
        if (ownsModel) model.Dispose();
    }

    private async IAsyncEnumerable<ChatResponseUpdate> Answer(IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new ChatClientRequest(options, this, model.Name, grammars);
        List<ChatTurn> added = ChatMessages.ToTurns(messages);
        List<ChatTurn> turns = request.ConversationId is { } id ? [.. conversations.Get(id), .. added] : added;
        if (request.Instructions is { } instructions) turns = ChatMessages.WithInstructions(turns, instructions);

        // The token that begins a tool call is special, so it must be shown to be seen.
        bool hasTools = request.Tools.Count > 0;
        GenerationOptions generation = hasTools ? request.Generation with { ShowSpecialTokens = true } : request.Generation;
        TextStream stream = model.GenerateAsync(ChatMessages.ToPrompt(model, turns, request.Template), generation, cancellationToken);
        var parser = hasTools ? new ToolCallParser(request.Tools.Select(tool => tool.Name)) : null;
        var answer = new AnswerRecord(model.Name, request.ConversationId, stream.Seed);

        await foreach (TextPiece piece in stream.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (piece.FinishReason == FinishReason.Cancelled) throw new OperationCanceledException("the answer was stopped, as when the model is disposed");
            foreach (AIContent content in Contents(piece.Text, parser, isEnd: piece.FinishReason is not null, answer))
            {
                yield return answer.Update([content], piece);
                if (IsEnough()) break;
            }

            if (IsEnough()) break;
            if (piece.LogProbability is not null && piece.Text.Length == 0) yield return answer.Update([], piece);
        }

        if (request.ConversationId is { } kept) conversations.Append(kept, [.. added, answer.ToTurn()]);
        yield return answer.Last(stream);

        bool IsEnough() => answer.Calls.Count > 0 && !request.AllowsSeveralCalls;
    }

    private static IEnumerable<AIContent> Contents(string text, ToolCallParser? parser, bool isEnd, AnswerRecord answer)
    {
        if (parser is null)
        {
            if (text.Length > 0) yield return answer.Text(text);
            yield break;
        }

        AnswerPart[] parts = [.. parser.Push(text), .. isEnd ? parser.Finish() : []];
        foreach (AnswerPart part in parts)
            yield return part.Call is { } call ? answer.Call(call) : answer.Text(part.Text!);
    }

    /// <summary>What has come of one answer.</summary>
    private sealed class AnswerRecord(string modelId, string? conversationId, ulong seed)
    {
        private readonly string id = Guid.NewGuid().ToString("N");
        private readonly DateTimeOffset createdAt = DateTimeOffset.UtcNow;
        private readonly StringBuilder text = new();

        public List<ChatToolCall> Calls { get; } = [];

        public TextContent Text(string part)
        {
            text.Append(part);
            return new TextContent(part);
        }

        public FunctionCallContent Call(ChatToolCall call)
        {
            FunctionCallContent content = ChatMessages.ToContent(call, $"call_{id}_{Calls.Count}");
            Calls.Add(call with { Id = content.CallId });
            return content;
        }

        public ChatTurn ToTurn() => new("assistant", text.Length > 0 || Calls.Count == 0 ? text.ToString() : null) { ToolCalls = Calls.Count > 0 ? Calls : null };

        public ChatResponseUpdate Update(IList<AIContent> contents, object? raw) => new(ChatRole.Assistant, contents)
        {
            ResponseId = $"chatcmpl-{id}",
            MessageId = $"msg-{id}",
            ModelId = modelId,
            ConversationId = conversationId,
            CreatedAt = createdAt,
            RawRepresentation = raw,
        };

        public ChatResponseUpdate Last(TextStream stream)
        {
            GenerationUsage usage = stream.Usage;
            var details = new UsageDetails
            {
                InputTokenCount = usage.PromptTokens,
                OutputTokenCount = usage.GeneratedTokens,
                TotalTokenCount = usage.PromptTokens + usage.GeneratedTokens,
                CachedInputTokenCount = usage.CachedTokens,
            };
            ChatResponseUpdate update = Update([new UsageContent(details)], usage);
            update.FinishReason = Calls.Count > 0 ? ChatFinishReason.ToolCalls
                : stream.FinishReason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
            update.AdditionalProperties = new() { ["seed"] = seed };
            if (stream.StopText is { } stopText) update.AdditionalProperties["stop_text"] = stopText;
            return update;
        }
    }
}
