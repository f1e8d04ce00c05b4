using System.Diagnostics;
using System.Threading.Channels;
using Cria.Server.Observation;

namespace Cria.Server.Answers;

/// <summary>The answers of a request, read together.</summary>
internal static class Choices
{
    /// <summary>
    /// Gives every part of every answer to <paramref name="write"/> as it comes, and calls <paramref name="flush"/> when nothing more is at hand.
    /// A failure of one answer, of writing, or of the client ends them all.
    /// </summary>
    public static async Task ReadAsync(ModelHost host, IReadOnlyList<ChoiceReader> choices, Action<ChoicePart> write, Func<ValueTask> flush, CancellationToken cancellationToken)
    {
        using Activity? span = Telemetry.Begin(choices[0].Operation, host.Name);
        host.Metrics.Ask(choices.Count);
        try
        {
            if (choices.Count == 1)
            {
                await foreach (ChoicePart part in choices[0].ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    write(part);
                    await flush().ConfigureAwait(false);
                }
                return;
            }
            var parts = Channel.CreateUnbounded<ChoicePart>(new UnboundedChannelOptions { SingleReader = true });
            Task reading = ReadAllAsync(choices, parts.Writer, cancellationToken);
            while (await parts.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (parts.Reader.TryRead(out ChoicePart part)) write(part);
                await flush().ConfigureAwait(false);
            }
            await reading.ConfigureAwait(false);
        }
        finally
        {
            // Places of answers that nobody reads any more are free at the next step.
            foreach (ChoiceReader choice in choices)
            {
                choice.Cancel();
                host.Metrics.Answered(choice.Usage, choice.Finish ?? "abort");
                Telemetry.Answered(choice.Operation, host.Name, choice.Usage, choice.Finish ?? "abort");
            }
            host.Metrics.EndAsked();
            Telemetry.End(span, choices[0].Usage.PromptTokens, choices.Sum(choice => choice.Usage.GeneratedTokens), [.. choices.Select(choice => choice.Finish ?? "abort")]);
        }
    }

    private static async Task ReadAllAsync(IReadOnlyList<ChoiceReader> choices, ChannelWriter<ChoicePart> parts, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(choices.Select(async choice =>
            {
                await foreach (ChoicePart part in choice.ReadAsync(cancellationToken).ConfigureAwait(false)) parts.TryWrite(part);
            })).ConfigureAwait(false);
            parts.TryComplete();
        }
        catch (Exception failure)
        {
            parts.TryComplete(failure);
        }
    }
}
