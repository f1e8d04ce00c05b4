using Cria.Tensors;

namespace Cria.Evaluation.Ruler;

/// <summary>Answers RULER's samples greedily and scores the answers.</summary>
public static class RulerTest
{
    /// <summary>Every sample, lengths first.</summary>
    public static IEnumerable<RulerCell> Cells(RulerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (int length in options.Lengths)
            foreach (RulerTask task in options.Tasks)
                for (int i = 0; i < options.Samples; i++) yield return new RulerCell(task.Name, length, i);
    }

    /// <summary>Runs samples, several at once, and hands on each result as it comes, one at a time.</summary>
    /// <param name="model">The model, loaded for the longest length or more.</param>
    /// <param name="samples">Makes the samples.</param>
    /// <param name="cells">Those to run.</param>
    /// <param name="parallel">Samples in hand at a time.</param>
    /// <param name="report">Hears the results.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="CriaException">A task does not fit its length, or a length not the model.</exception>
    public static async Task RunAsync(LanguageModel model, RulerSamples samples, IReadOnlyList<RulerCell> cells, int parallel, Action<RulerResult> report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(cells);
        int longest = cells.Select(cell => cell.Length).DefaultIfEmpty().Max();
        if (longest > model.ContextLength) throw new CriaException($"a length of {longest} tokens does not fit the {model.ContextLength} there is room for; choose shorter ones or a larger --context");
        var gate = new Lock();
        await Parallel.ForEachAsync(cells, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken }, async (cell, cancelled) =>
        {
            RulerSample sample = samples.Make(RulerTask.Parse(cell.Task), cell.Length, cell.Index);
            Answer answer = await model.GenerateAsync(sample.Prompt, new GenerationOptions { Temperature = 0, MaxTokens = sample.TokensToGenerate }, cancelled).ToAnswerAsync(cancelled).ConfigureAwait(false);
            var result = new RulerResult(cell, sample.Outputs, answer.Text, sample.Prompt.Length);
            lock (gate) report(result);
        }).ConfigureAwait(false);
    }
}
