using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Cria.Load.Speed;

/// <summary>
/// Tokens a second of one stream and of many, in turn, because machines that others use change their speed. Rates are of further tokens: the difference between a long and a short answer to the
/// same, known prompt.
/// </summary>
internal sealed class RateRun(Api api)
{
    /// <summary>Words of the question.</summary>
    public const int Question = 20;

    private const int Streams = 16, ShortAnswer = 8, LongAnswer = 32, Turns = 9;

    // Long enough for what a server does beside its first answers: compiling, and moving weights.
    private const int FirstAnswer = 256;

    /// <summary>Measures both, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        await WarmUpAsync().ConfigureAwait(false);
        await SecondsAsync(Streams, ShortAnswer, _ => { }).ConfigureAwait(false);
        List<double> one = [], many = [], times = [];
        for (int turn = 0; turn < Turns; turn++)
        {
            one.Add(await RateAsync(1).ConfigureAwait(false));
            many.Add(await RateAsync(Streams).ConfigureAwait(false));
            times.Add(many[^1] / one[^1]);
        }
        Table.Row($"one stream, tokens/s, median of {Turns}", Table.Median(one));
        Table.Row($"{Streams} streams together, in turn with it", Table.Median(many));
        Table.Row("times one stream's, median of the turns", Table.Median(times), 2);
        Table.Row("least", times.Min(), 2);
        Table.Row("most", times.Max(), 2);
    }

    /// <summary>Asks once for a long answer.</summary>
    public Task WarmUpAsync() => api.AskAsync(Api.Request(Words.Text(1, 100), FirstAnswer, isExact: true));

    /// <summary>Seconds that further tokens of one stream take, where <paramref name="change"/> adds to the request what it likes.</summary>
    public async Task<double> TokenSecondsAsync(Action<JsonObject> change)
    {
        double brief = await SecondsAsync(1, ShortAnswer, change).ConfigureAwait(false);
        return (await SecondsAsync(1, LongAnswer, change).ConfigureAwait(false) - brief) / (LongAnswer - ShortAnswer);
    }

    private async Task<double> RateAsync(int streams)
    {
        double brief = await SecondsAsync(streams, ShortAnswer, _ => { }).ConfigureAwait(false);
        double whole = await SecondsAsync(streams, LongAnswer, _ => { }).ConfigureAwait(false);
        return streams * (LongAnswer - ShortAnswer) / (whole - brief);
    }

    private async Task<double> SecondsAsync(int streams, int answer, Action<JsonObject> change)
    {
        JsonObject[] requests = [.. Enumerable.Range(0, streams).Select(stream => Api.Request(Words.Text(1000 + stream, Question), answer, isExact: true))];
        foreach (JsonObject request in requests) change(request);
        long start = Stopwatch.GetTimestamp();
        Api.Answer?[] answers = await Task.WhenAll(requests.Select(request => api.StreamAsync(request))).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (answers.Any(got => got!.AnswerTokens != answer)) throw new InvalidDataException($"an answer has another length than the {answer} tokens asked for");
        return seconds;
    }
}
