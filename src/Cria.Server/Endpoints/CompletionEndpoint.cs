using Cria.Server.Answers;
using Cria.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>POST /v1/completions</c>.</summary>
internal static class CompletionEndpoint
{
    /// <summary>Goes on with texts or tokens.</summary>
    public static async Task ServeAsync(HttpContext context, ModelHost host)
    {
        var request = new CompletionRequest(await RequestBody.ReadAsync(context, host.Options.MaxBodyBytes).ConfigureAwait(false), host);
        IReadOnlyList<Echo>? echoes = await Echo.OfAsync(request, host.Model, context.RequestAborted).ConfigureAwait(false);
        List<ChoiceReader> choices = Begin(request, host, context.RequestAborted);
        var answer = new CompletionAnswer(host, request.Model, request.Delivery.HasUsage);
        bool hasLogProbabilities = request.Generation.LogProbabilities is not null;
        if (!request.Delivery.IsStream)
        {
            List<ChoicePart>[] parts = [.. choices.Select(_ => new List<ChoicePart>())];
            await Choices.ReadAsync(host, choices, part => parts[part.Index].Add(part), () => ValueTask.CompletedTask, context.RequestAborted).ConfigureAwait(false);
            await Json.SendAsync(context, json => answer.WriteWhole(json, choices, parts, echoes, hasLogProbabilities)).ConfigureAwait(false);
            return;
        }
        await StreamedAnswer.SendAsync(context, host, choices,
            begin: stream =>
            {
                for (int i = 0; i < echoes?.Count; i++) stream.Add(json => answer.WriteEcho(json, i, echoes[i]));
            },
            add: (stream, part) =>
            {
                if (part.Text.Length > 0 || part.Finish is not null || hasLogProbabilities) stream.Add(json => answer.WriteChunk(json, part, hasLogProbabilities));
            },
            end: stream =>
            {
                if (request.Delivery.HasUsage) stream.Add(json => answer.WriteUsageChunk(json, choices));
            }).ConfigureAwait(false);
    }

    private static List<ChoiceReader> Begin(CompletionRequest request, ModelHost host, CancellationToken cancellationToken)
    {
        var choices = new List<ChoiceReader>();
        try
        {
            foreach ((int[] tokens, _) in request.Prompts)
            {
                host.LastPrompt = tokens;
                foreach (TextStream stream in host.Model.GenerateAsync(tokens, request.Delivery.Choices, request.Generation, cancellationToken))
                    choices.Add(new ChoiceReader(choices.Count, stream, [], allowsSeveralCalls: true) { Operation = "text_completion" });
            }
            return choices;
        }
        catch
        {
            // All prompts or none.
            foreach (ChoiceReader choice in choices) choice.Cancel();
            throw;
        }
    }
}
