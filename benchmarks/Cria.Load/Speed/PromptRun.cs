namespace Cria.Load.Speed;

/// <summary>How soon an answer begins: after a known beginning, and while a long prompt is being taken in.</summary>
internal sealed class PromptRun(Api api)
{
    private const int LongPrompt = 3970, Prefix = 1970, Repetitions = 3;

    // What the engine takes of a prompt in a step while nobody is being answered.
    private const int Chunk = 512;

    /// <summary>Measures, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        double step = await PrefixAsync().ConfigureAwait(false);
        await InterferenceAsync(step).ConfigureAwait(false);
    }

    /// <summary>Asks twice with one beginning; returns how long a step of its prompt takes.</summary>
    private async Task<double> PrefixAsync()
    {
        string prefix = Words.Text(2000, Prefix);
        Api.Answer first = await api.AskAsync(Api.Request(prefix + " one two three", 1, isExact: true)).ConfigureAwait(false);
        var again = new List<double>();
        for (int repetition = 0; repetition < Repetitions; repetition++)
            again.Add((await api.AskAsync(Api.Request($"{prefix} another end {repetition}", 1, isExact: true)).ConfigureAwait(false)).Seconds);
        Table.Row($"first token after a prompt of {first.PromptTokens} tokens, ms", first.Seconds * 1000);
        Table.Row("the same beginning with another end, ms", Table.Median(again) * 1000);
        Table.Row("times sooner", first.Seconds / Table.Median(again));
        return first.Seconds * Chunk / first.PromptTokens;
    }

    private async Task InterferenceAsync(double step)
    {
        Table.Row($"one step of {Chunk} tokens of a prompt, ms", step * 1000);
        Task<Api.Answer> taking = api.AskAsync(Api.Request(Words.Text(3001, LongPrompt), 1, isExact: true));
        var waits = new List<double>();
        for (int i = 0; !taking.IsCompleted; i++)
        {
            // From one place in a step to the next.
            await Task.Delay(TimeSpan.FromSeconds(step * 0.37)).ConfigureAwait(false);
            Api.Answer answer = await api.AskAsync(Api.Request(Words.Text(4000 + i, RateRun.Question), 1, isExact: true)).ConfigureAwait(false);
            if (!taking.IsCompleted) waits.Add(answer.Seconds);
        }
        Api.Answer taken = await taking.ConfigureAwait(false);
        Table.Row($"a prompt of {taken.PromptTokens} tokens beside short ones, ms", taken.Seconds * 1000);
        Table.Row($"first token of a short prompt meanwhile, median of {waits.Count}, steps", Table.Median(waits) / step);
        Table.Row("the slowest of them, steps", waits.Max() / step);
    }
}
