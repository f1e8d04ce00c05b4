using Cria.Chat;
using Cria.Server.Answers;
using Cria.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal static class ChatEndpoint
{
    /// <summary>Answers a conversation.</summary>
    public static async Task ServeAsync(HttpContext context, ModelHost host)
    {
        var request = new ChatRequest(await RequestBody.ReadAsync(context, host.Options.MaxBodyBytes).ConfigureAwait(false), host);
        int[] prompt = ChatMessages.ToPrompt(host.Model, request.Messages, request.Template);
        host.LastPrompt = prompt;
        string[] functions = [.. request.Form.Tools.Select(tool => tool.Name)];
        ChoiceReader[] choices = [.. host.Model.GenerateAsync(prompt, request.Delivery.Choices, request.Generation, context.RequestAborted)
            .Select((stream, i) => new ChoiceReader(i, stream, functions, request.Form.AllowsSeveralCalls))];
        var answer = new ChatAnswer(host, request.Model, request.Delivery.HasUsage);
        bool hasLogProbabilities = request.Generation.LogProbabilities is not null;
        if (!request.Delivery.IsStream)
        {
            List<ChoicePart>[] parts = [.. choices.Select(_ => new List<ChoicePart>())];
            await Choices.ReadAsync(host, choices, part => parts[part.Index].Add(part), () => ValueTask.CompletedTask, context.RequestAborted).ConfigureAwait(false);
            await Json.SendAsync(context, json => answer.WriteWhole(json, choices, parts, hasLogProbabilities)).ConfigureAwait(false);
            return;
        }
        await StreamedAnswer.SendAsync(context, host, choices,
            begin: stream =>
            {
                foreach (ChoiceReader choice in choices) stream.Add(json => answer.WriteRole(json, choice.Index));
            },
            add: (stream, part) => stream.Add(json => answer.WriteChunk(json, part, hasLogProbabilities)),
            end: stream =>
            {
                if (request.Delivery.HasUsage) stream.Add(json => answer.WriteUsageChunk(json, choices));
            }).ConfigureAwait(false);
    }
}
