using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Cria.Load.Speed;

/// <summary>Tokens a second of one stream and of many. Rates are of further tokens: the difference between a long and a short answer to the same, known prompt.</summary>
internal sealed class RateRun(Api api)
{
    /// <summary>Words of the question.</summary>
    public const int Question = 20;

    private const int Streams = 16, ShortAnswer = 8, LongAnswer = 32, Repetitions = 3;

    // Long enough for what a server does beside its first answers: compiling, and moving weights.
    private const int FirstAnswer = 256;

    /// <summary>Measures both, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        await WarmUpAsync().ConfigureAwait(false);
        double one = await RateAsync(1).ConfigureAwait(false);
        Table.Row("one stream, tokens/s", one);
        double many = await RateAsync(Streams).ConfigureAwait(false);
        Table.Row($"{Streams} streams together, tokens/s", many);
        Table.Row("times one stream's", many / one, 2);
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
        var rates = new List<double>();
        await SecondsAsync(streams, ShortAnswer, _ => { }).ConfigureAwait(false);
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            double brief = await SecondsAsync(streams, ShortAnswer, _ => { }).ConfigureAwait(false);
            double whole = await SecondsAsync(streams, LongAnswer, _ => { }).ConfigureAwait(false);
            rates.Add(streams * (LongAnswer - ShortAnswer) / (whole - brief));
        }
        return Table.Median(rates);
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
