using System.CommandLine;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation.Needles;
using Cria.Evaluation.Ruler;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Ruler;

/// <summary>Runs RULER's tasks, goes on with a run that was interrupted, and writes the scores.</summary>
internal static class RulerRun
{
    private const int ShortestByDefault = 4096;

    /// <summary>Runs them.</summary>
    public static async Task RunAsync(ModelOptions model, RulerOptions options, string? essays, int parallel, string? folder, bool asJson, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string path = NamedModel.Locate(model.Named(parsed), terminal, cancellationToken);
        using (ITensorSource source = ModelSource.Open(path))
        {
            var summary = ModelSummary.From(source);
            if (options.Lengths.Count == 0) options = options with { Lengths = Halves(summary.Config?.ContextLength ?? throw new CriaException(summary.Problem!)) };
            summary.CheckMemory(options.Lengths[^1], model.KvType(parsed));
        }
        using LanguageModel loaded = model.Load(parsed, terminal, cancellationToken, parallel: parallel, tokens: options.Lengths[^1]);
        var samples = new RulerSamples(options, loaded.Tokenizer, loaded.Template, essays is null ? [] : Haystack.Texts(essays));
        if (folder is not null) Directory.CreateDirectory(folder);
        using RulerJournal? journal = folder is null ? null : new RulerJournal(Path.Combine(folder, "answers.jsonl"), RunIdentity.Of(loaded, $"{string.Join(',', options.Tasks.Select(task => task.Name))}|{string.Join(',', options.Lengths)}|{options.Samples}|{options.Seed}|{options.IsChat}|{essays}"));
        var results = new List<RulerResult>(journal?.Results ?? []);
        RulerCell[] all = [.. RulerTest.Cells(options)], left = [.. all.Where(cell => journal?.Knows(cell) != true)];
        if (left.Length < all.Length && !asJson) terminal.Error.WriteLine($"going on: {all.Length - left.Length} of {all.Length} answers are in {folder}");
        double work = left.Sum(cell => (double)cell.Length), done = 0;
        try
        {
            using var bar = new WorkBar(terminal);
            await RulerTest.RunAsync(loaded, samples, left, parallel, result =>
            {
                journal?.Add(result);
                results.Add(result);
                done += result.Cell.Length;
                bar.Show(done / work, string.Create(CultureInfo.InvariantCulture, $"{results.Count} of {all.Length} answers, {100 * results.Average(one => one.MatchAll):0.0} points"));
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (folder is not null)
        {
            terminal.Error.WriteLine($"stopped: {results.Count} of {all.Length} answers are in {folder}; the same command goes on");
            throw;
        }
        var report = new RulerReport(loaded.Name, options, results);
        if (folder is not null)
        {
            OutputText.Write(Path.Combine(folder, "ruler.json"), report.ToJson());
            OutputText.Write(Path.Combine(folder, "ruler.csv"), report.ToCsv());
        }
        if (asJson) terminal.Out.Write(report.ToJson());
        else Print(report, terminal);
    }

    private static int[] Halves(long context)
    {
        var lengths = new List<int>();
        for (long length = Math.Min(context, int.MaxValue / 2); lengths.Count == 0 || length >= ShortestByDefault; length /= 2) lengths.Insert(0, (int)length);
        return [.. lengths];
    }

    private static void Print(RulerReport report, Terminal terminal)
    {
        terminal.Out.WriteLine("| task | " + string.Join(" | ", report.Options.Lengths) + " |");
        terminal.Out.WriteLine("|---|" + string.Concat(report.Options.Lengths.Select(_ => "---:|")));
        foreach (RulerTask task in report.Options.Tasks) Row(task.Name, length => report.Score(task.Name, length));
        Row("mean", report.Mean);

        void Row(string name, Func<int, double> score) =>
            terminal.Out.WriteLine($"| {name} | " + string.Join(" | ", report.Options.Lengths.Select(length => score(length).ToString("0.0", CultureInfo.InvariantCulture))) + " |");
    }
}
