using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Cria.Cli.Extending;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Corpora;
using Cria.Evaluation.Charts;
using Cria.Evaluation.Positions;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Cli.Commands;

/// <summary><c>cria eval positions</c>: the loss by position, which shows how far a model reads.</summary>
internal static class EvalPositionsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> model = ModelOptions.ModelOption(), plot = SearchFlags.PlotOption();
        Option<string[]> data = SearchFlags.DataOption();
        data.Required = true;
        Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "Tokens of each text to foresee; by default the model's context.", 2, int.MaxValue);
        Option<long?> documents = SearchFlags.DocumentsOption();
        Option<bool> joins = SearchFlags.JoinOption();
        Option<long?> stretches = Numbers.Integer("--stretches", [], "N", "Into how many stretches the positions are cut (default 16).", 1, 10000);
        Option<double?> theta = Numbers.Real("--rope-base", "X", "Replace the model's rotary base.", 1.000001);
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);
        var asJson = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("positions", "Measure how well long texts are foreseen at each position.")
        {
            Details = "A model that reads far foresees the end of a long text better than its beginning; one that does not shows a loss that climbs where its context ends.",
        };
        verb.Add("Options", model, data, context, documents, joins, stretches, theta, plot, threads, asJson);
        verb.Example("cria eval positions -m llama-65k.gguf -d books/ -c 65536 --plot loss.svg", "A table and a picture of the loss over 65536 positions.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken);
            using ITensorSource source = ModelSource.Open(path);
            LlamaConfig config = LlamaConfig.From(source);
            int length = (int)Math.Min(parsed.GetValue(context) ?? config.ContextLength, int.MaxValue);
            IReadOnlyList<int[]> texts = LongDocuments.Take(Corpus.Open(parsed.GetValue(data)!), Tokenizer.FromMetadata(source.Metadata), length, (int)(parsed.GetValue(documents) ?? 4), parsed.GetValue(joins), cancellationToken);
            PositionLosses losses;
            using (var status = new StatusLine(terminal))
            using (var measurement = new PositionMeasurement(source, texts, (int)(parsed.GetValue(stretches) ?? 16), (int)(parsed.GetValue(threads) ?? 0)))
            {
                if (parsed.GetValue(theta) is { } other) measurement.Rope = RopeFrequencies.Create(config.HeadSize, other, config.RopeScaling);
                losses = measurement.Run(new Tokens(status, measurement.TokenCount), cancellationToken);
            }
            if (parsed.GetValue(plot) is { } picture) OutputText.Write(picture, Draw(losses, ModelSummary.From(source).Name));
            if (parsed.GetValue(asJson)) PrintJson(losses, terminal);
            else Print(losses, terminal);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static string Draw(PositionLosses losses, string name)
    {
        var chart = new LineChart { Title = $"{name}: loss by position", XTitle = "position", YTitle = "loss, nats a token" };
        chart.Add(new LineSeries("loss", [.. losses.Stretches.Select(stretch => ((stretch.From + stretch.To) / 2.0, stretch.Loss))], HasDots: true));
        return LineChart.Draw(chart);
    }

    private static void Print(PositionLosses losses, Terminal terminal)
    {
        TextTable.Write(terminal, ["positions", "loss"], [.. losses.Stretches.Select(stretch => new[] { string.Create(CultureInfo.InvariantCulture, $"{stretch.From}–{stretch.To - 1}"), stretch.Loss.ToString("0.0000", CultureInfo.InvariantCulture) })], rightAligned: 0);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nmean {losses.Mean.Value:0.0000} ± {losses.Mean.Error:0.0000} over {Quantity.Of(losses.Documents, "document")}, {Quantity.Exact(losses.Tokens)} tokens"));
    }

    private static void PrintJson(PositionLosses losses, Terminal terminal) => JsonLine.Write(terminal.Out, indented: false, json =>
    {
        json.WriteStartObject();
        PositionJson.Fields(json, losses);
        json.WriteEndObject();
    });

    private sealed class Tokens(StatusLine status, long count) : IProgress<long>
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();

        public void Report(long value)
        {
            TimeSpan left = clock.Elapsed * ((double)(count - value) / value);
            status.Show(string.Create(CultureInfo.InvariantCulture, $"{value} of {count} tokens, {(int)left.TotalMinutes}:{left.Seconds:00} left"));
        }
    }
}
