using System.Diagnostics;
using System.Globalization;

namespace Cria.Load.Speed;

/// <summary>How fast a server is, seen from outside. Rates are of further tokens, the difference between a long and a short answer to the same, known prompt.</summary>
internal sealed class SpeedRun(Api api)
{
    private const int Streams = 16, ShortAnswer = 8, LongAnswer = 72, Repetitions = 3;
    private const int LongPrompt = 3970, Prefix = 1970, Question = 20;

    // What the engine takes of a prompt in a step while nobody is being answered.
    private const int Chunk = 512;

    /// <summary>Measures all, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        await api.AskAsync(Api.Request(Words.Text(1, 600), 8, isExact: true)).ConfigureAwait(false);
        double one = await RateAsync(1).ConfigureAwait(false);
        Row("one stream, tokens/s", one);
        double many = await RateAsync(Streams).ConfigureAwait(false);
        Row($"{Streams} streams together, tokens/s", many);
        Row("times one stream's", many / one);
        await PrefixAsync().ConfigureAwait(false);
        await InterferenceAsync().ConfigureAwait(false);
    }

    private async Task<double> RateAsync(int streams)
    {
        var rates = new List<double>();
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            double brief = await SecondsAsync(streams, ShortAnswer).ConfigureAwait(false);
            if (repetition == 0) brief = await SecondsAsync(streams, ShortAnswer).ConfigureAwait(false);
            double whole = await SecondsAsync(streams, LongAnswer).ConfigureAwait(false);
            rates.Add(streams * (LongAnswer - ShortAnswer) / (whole - brief));
        }
        return Median(rates);
    }

    private async Task<double> SecondsAsync(int streams, int answer)
    {
        long start = Stopwatch.GetTimestamp();
        Api.Answer?[] answers = await Task.WhenAll(Enumerable.Range(0, streams).Select(stream => api.StreamAsync(Api.Request(Words.Text(1000 + stream, Question), answer, isExact: true)))).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (answers.Any(got => got!.AnswerTokens != answer)) throw new InvalidDataException("an answer has another length than asked for");
        return seconds;
    }

    private async Task PrefixAsync()
    {
        string prefix = Words.Text(2000, Prefix);
        Api.Answer first = await api.AskAsync(Api.Request(prefix + " one two three", 1, isExact: true)).ConfigureAwait(false);
        var again = new List<double>();
        for (int repetition = 0; repetition < Repetitions; repetition++)
            again.Add((await api.AskAsync(Api.Request($"{prefix} another end {repetition}", 1, isExact: true)).ConfigureAwait(false)).Seconds);
        Row($"first token after a prompt of {first.PromptTokens} tokens, ms", first.Seconds * 1000);
        Row("the same beginning with another end, ms", Median(again) * 1000);
        Row("times sooner", first.Seconds / Median(again));
    }

    private async Task InterferenceAsync()
    {
        Api.Answer alone = await api.AskAsync(Api.Request(Words.Text(3000, LongPrompt), 1, isExact: true)).ConfigureAwait(false);
        double step = alone.Seconds / Math.Ceiling((double)alone.PromptTokens / Chunk);
        Row($"a prompt of {alone.PromptTokens} tokens alone, ms", alone.Seconds * 1000);
        Row($"one step of {Chunk} of them, ms", step * 1000);
        Task<Api.Answer> taking = api.AskAsync(Api.Request(Words.Text(3001, LongPrompt), 1, isExact: true));
        var waits = new List<double>();
        for (int i = 0; !taking.IsCompleted; i++)
        {
            // From one place in a step to the next.
            await Task.Delay(TimeSpan.FromSeconds(step * 0.37)).ConfigureAwait(false);
            Api.Answer answer = await api.AskAsync(Api.Request(Words.Text(4000 + i, Question), 1, isExact: true)).ConfigureAwait(false);
            if (!taking.IsCompleted) waits.Add(answer.Seconds);
        }
        await taking.ConfigureAwait(false);
        Row($"first token of a short prompt meanwhile, median of {waits.Count}, steps", Median(waits) / step);
        Row("the slowest of them, steps", waits.Max() / step);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Row(string what, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {value:F1} |"));
}
