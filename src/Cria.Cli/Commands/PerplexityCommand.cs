using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation;
using Cria.Tensors;

namespace Cria.Cli.Commands;

/// <summary><c>cria perplexity</c>: how well a model foresees a text, and how far it is from a reference.</summary>
internal static class PerplexityCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> model = ModelOptions.ModelOption();
        var file = new Option<string>("--file", "-f") { HelpName = "TEXT", Description = "The text to foresee; UTF-8.", Required = true };
        var reference = new Option<string?>("--base") { HelpName = "REFERENCE", Description = "A better form of the same model, run in step, to tell the divergence from." };
        Option<long?> window = Numbers.Integer("--context", ["-c"], "N", "Tokens of a window, of which the second half is scored (default 512).", 8, int.MaxValue);
        Option<long?> windows = Numbers.Integer("--chunks", [], "N", "Windows to score; by default all of the text.", 1, int.MaxValue);
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);
        var cache = new CacheOptions();
        var asJson = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("perplexity", "Measure how well a model foresees a text.")
        {
            Details = "Lower is better. Windows, scored tokens and error are as llama.cpp has them, so figures can be compared. With --base, quantization is told as a divergence, which needs far less text to be exact; the reference keeps its keys and values as f32.",
        };
        verb.Add("Options", [model, file, reference, window, windows, threads, .. cache.All, asJson]);
        verb.Example("cria perplexity -m llama-q4.gguf -f wiki.test.raw", "Perplexity with its error.");
        verb.Example("cria perplexity -m llama-q4.gguf -f wiki.test.raw --base llama-f16.gguf", "What quantization cost.");
        verb.Example("cria perplexity -m llama.gguf -f wiki.test.raw --base llama.gguf -ctk q4_0 -ctv q4_0", "What quantized keys and values cost.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string text = TextFile.Read(parsed.GetRequiredValue(file));
            var options = new PerplexityOptions { Window = (int)(parsed.GetValue(window) ?? 512), Windows = (int?)parsed.GetValue(windows) };
            var loading = new LoadOptions { Threads = (int)(parsed.GetValue(threads) ?? 0), Parallel = 1, KvTokens = options.Window + 64, KvType = cache.Read(parsed) };
            using LanguageModel loaded = LanguageModel.Load(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken), loading);
            using LanguageModel? other = parsed.GetValue(reference) is { } path ? LanguageModel.Load(NamedModel.Locate(path, terminal, cancellationToken), loading with { KvType = TensorType.F32 }) : null;
            var perplexity = new Perplexity(loaded, text, other, options);
            PerplexityResult result;
            using (var status = new StatusLine(terminal)) result = await perplexity.RunAsync(new SoFar(status, perplexity.Windows), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(asJson)) PrintJson(result, options.Window, terminal);
            else Print(result, options.Window, terminal);
            return ExitCode.Success;
        });
        return verb;
    }

    private static void Print(PerplexityResult result, int window, Terminal terminal)
    {
        Line("windows", $"{result.Windows} of {window} tokens, {result.Tokens} tokens scored");
        Line("perplexity", Show(result.Perplexity, "0.0000"));
        if (result.Divergence is not { } against) return;
        Line("of the reference", Show(against.Reference, "0.0000"));
        Line("change", $"{Show(against.Change, "+0.0000;-0.0000")}, {Show(new Estimate(100 * (against.Ratio.Value - 1), 100 * against.Ratio.Error), "+0.000;-0.000")}%");
        Line("divergence", $"mean {Show(against.Mean, "0.000000")}, median {Number(against.Median, "0.000000")}, 99% {Number(against.Percentile99, "0.000000")}, largest {Number(against.Largest, "0.000000")}");
        Line("same top token", $"{Show(new Estimate(100 * against.SameTop.Value, 100 * against.SameTop.Error), "0.00")}%");

        void Line(string name, string value) => terminal.Out.WriteLine($"{name,-17} {value}");
    }

    private static string Show(Estimate estimate, string format) => $"{Number(estimate.Value, format)} ± {Number(estimate.Error, format.Split(';')[0].TrimStart('+'))}";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void PrintJson(PerplexityResult result, int window, Terminal terminal)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("window", window);
            json.WriteNumber("windows", result.Windows);
            json.WriteNumber("tokens", result.Tokens);
            Write("perplexity", result.Perplexity);
            if (result.Divergence is { } against)
            {
                Write("reference_perplexity", against.Reference);
                Write("perplexity_ratio", against.Ratio);
                Write("perplexity_change", against.Change);
                Write("kl_divergence_mean", against.Mean);
                json.WriteNumber("kl_divergence_median", against.Median);
                json.WriteNumber("kl_divergence_99", against.Percentile99);
                json.WriteNumber("kl_divergence_largest", against.Largest);
                Write("same_top_token", against.SameTop);
            }
            json.WriteEndObject();

            void Write(string name, Estimate estimate)
            {
                json.WriteNumber(name, estimate.Value);
                json.WriteNumber($"{name}_error", estimate.Error);
            }
        }
        terminal.Out.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private sealed class SoFar(StatusLine status, int windows) : IProgress<PerplexityResult>
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();

        public void Report(PerplexityResult value)
        {
            TimeSpan left = clock.Elapsed / value.Windows * (windows - value.Windows);
            string divergence = value.Divergence is { } against ? $", divergence {Number(against.Mean.Value, "0.00000")}" : "";
            status.Show(string.Create(CultureInfo.InvariantCulture, $"{value.Windows} of {windows} windows, perplexity {value.Perplexity.Value:0.0000}{divergence}, {(int)left.TotalMinutes}:{left.Seconds:00} left"));
        }
    }
}
