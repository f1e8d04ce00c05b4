using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Corpora;
using Cria.Evaluation.Positions;
using Cria.Extension;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Cli.Extending;

/// <summary>Searches a rotary base by measuring, prints what was tried, and writes a model with the best where a name was given.</summary>
internal static class SearchRun
{
    /// <summary>Runs it.</summary>
    public static void Run(ExtendFlags flags, SearchFlags search, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        ExtensionOptions options = flags.Read(parsed);
        if (options.Rule is not ExtensionRule.DynamicNtk || options.Factor is not null || options.Stages.Count > 0) throw new UsageException("--search finds the base by measuring; leave --rule, --theta, --factor and --stages out");
        string input = NamedModel.Locate(flags.Model(parsed), terminal, cancellationToken);
        ThetaSearchResult result;
        long trained;
        using (ITensorSource source = ModelSource.Open(input))
        {
            LlamaConfig config = LlamaConfig.From(source);
            RotaryPlan plan = RotaryPlan.For(source, options);
            trained = plan.TrainedContext;
            var rules = new Dictionary<string, double>
            {
                ["trained"] = plan.OldTheta,
                ["ntk"] = RotaryPlan.For(source, options with { Rule = ExtensionRule.Ntk }).Theta,
                ["dynamic-ntk"] = plan.Theta,
                ["critical"] = RotaryPlan.For(source, options with { Rule = ExtensionRule.CriticalBase }).Theta,
            };
            double least = search.Least(parsed) ?? plan.OldTheta, most = search.Most(parsed) ?? 16 * rules.Values.Max();
            if (most <= least) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the largest base {most} is not above the smallest, {least}; choose others with --theta-min and --theta-max"));
            IReadOnlyList<int[]> documents = LongDocuments.Take(Corpus.Open(search.Data(parsed)), Tokenizer.FromMetadata(source.Metadata), checked((int)options.Context), search.Documents(parsed), search.Joins(parsed), cancellationToken);
            using var measurement = new PositionMeasurement(source, documents, threads: search.Threads(parsed));
            int trials = search.Points(parsed) + search.Refinements(parsed) + rules.Values.Count(theta => theta > least * 1.000001 && theta <= most);
            using var status = new StatusLine(terminal);
            var progress = new Progress(status, trials, measurement.TokenCount);
            result = new ThetaSearch(theta =>
            {
                measurement.Rope = RopeFrequencies.Create(config.HeadSize, theta, RopeScaling.None);
                return measurement.Run(progress, cancellationToken);
            }).Run(least, most, search.Points(parsed), search.Refinements(parsed), rules, progress);
            if (search.Plot(parsed) is { } picture) OutputText.Write(picture, ThetaSearchPlot.Draw(result, ModelSummary.From(source).Name, plan.OldTheta, trained));
        }
        if (flags.AsJson(parsed)) PrintJson(result, trained, terminal);
        else Print(result, trained, terminal);
        if (flags.Output(parsed) is not { } output) return;
        if (!flags.AsJson(parsed)) terminal.Out.WriteLine();
        ExtendRun.Write(input, output, options with { Rule = ExtensionRule.Base, Theta = result.Best.Theta }, flags.AsJson(parsed), terminal, cancellationToken);
    }

    private static void Print(ThetaSearchResult result, long trained, Terminal terminal)
    {
        TextTable.Write(terminal, ["theta", "loss", "±", "trained", "beyond", "last", ""], [.. result.Trials.Select(trial => new[]
        {
            trial.Theta.ToString(trial.Theta < 1e6 ? "0.0" : "0.0000e+0", CultureInfo.InvariantCulture), Loss(trial.Losses.Mean.Value), Loss(trial.Losses.Mean.Error),
            Loss(trial.Losses.Until(trained)), Loss(trial.Losses.From(trained)), Loss(trial.Losses.Stretches[^1].Loss), (trial.Rule ?? "") + (trial == result.Best ? " ← best" : ""),
        })], rightAligned: 0);
        PositionLosses losses = result.Best.Losses;
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best theta {result.Best.Theta:#,0.0}: loss {losses.Mean.Value:0.0000} over {Quantity.Of(losses.Documents, "document")}, {Quantity.Exact(losses.Tokens)} tokens"));
        if (result.IsAtEdge) terminal.Out.WriteLine("The best lies at the edge of what was tried; widen the range with --theta-min or --theta-max.");
    }

    private static string Loss(double loss) => double.IsNaN(loss) ? "-" : loss.ToString("0.0000", CultureInfo.InvariantCulture);

    private static void PrintJson(ThetaSearchResult result, long trained, Terminal terminal) => JsonLine.Write(terminal.Out, indented: false, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("best_theta", result.Best.Theta);
        json.WriteBoolean("at_edge", result.IsAtEdge);
        json.WriteNumber("trained_context", trained);
        json.WriteStartArray("trials");
        foreach (ThetaTrial trial in result.Trials)
        {
            json.WriteStartObject();
            json.WriteNumber("theta", trial.Theta);
            if (trial.Rule is not null) json.WriteString("rule", trial.Rule);
            PositionJson.Fields(json, trial.Losses);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>The line a person sees: which trial, what is best so far, how long it will take.</summary>
    private sealed class Progress(StatusLine status, int trials, long tokens) : IProgress<long>, IProgress<ThetaTrial>
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private ThetaTrial? best;
        private int done;

        public void Report(long value)
        {
            double share = (done + (double)value / tokens) / Math.Max(trials, done + 1);
            TimeSpan left = clock.Elapsed * ((1 - share) / Math.Max(share, 1e-6));
            string so = best is null ? "" : string.Create(CultureInfo.InvariantCulture, $", best so far {best.Theta:0.000e+0} with loss {best.Losses.Mean.Value:0.0000}");
            status.Show(string.Create(CultureInfo.InvariantCulture, $"base {done + 1} of {trials}{so}, {(int)left.TotalMinutes}:{left.Seconds:00} left"));
        }

        public void Report(ThetaTrial value)
        {
            done++;
            if (best is null || value.Losses.Mean.Value < best.Losses.Mean.Value) best = value;
        }
    }
}
