using System.CommandLine;
using Cria.Cli.Benching;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Kernels;

namespace Cria.Cli.Commands;

/// <summary><c>cria bench</c>: how fast a model runs here, and how near that is to what the machine can do.</summary>
internal static class BenchCommand
{
    private enum Format
    {
        Markdown,
        Json,
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> model = ModelOptions.ModelOption();
        Option<IReadOnlyList<int>> prompts = Numbers.List("--prompt", ["-p"], "N,…", "Lengths of prompts to time, 0 for none (default 512).", [512], least: 0);
        Option<IReadOnlyList<int>> answers = Numbers.List("--generate", ["-n"], "N,…", "Lengths of answers to time, 0 for none (default 128).", [128], least: 0);
        Option<IReadOnlyList<int>> depths = Numbers.List("--depth", ["-d"], "N,…", "Tokens that are in the cache already when a test begins (default 0).", [0], least: 0);
        Option<IReadOnlyList<int>> threads = Numbers.List("--threads", ["-t"], "N,…", "Numbers of threads to try; by default one a physical core.", [0], least: 1);
        Option<long?> repetitions = Numbers.Integer("--repetitions", ["-r"], "N", "Runs of each test, after one to warm up (default 5).", 1, 1000);
        var cache = new CacheOptions();
        var prepared = new PreparedCacheOptions();
        Option<Format?> output = Numbers.Choice("--output", "Print a Markdown table (default) or a JSON array.", ("md", Format.Markdown), ("json", Format.Json));
        output.Aliases.Add("-o");
        var verb = new Verb("bench", "Measure how fast a model runs, beside what this machine can do.")
        {
            Details = "Speeds are the median of the runs ± their standard deviation. Beside each stands the share of this machine's own limit, measured between the runs: for prompts the multiply-add peak, for answers the speed of reading memory. Tests may be longer than the model's context, for speed does not depend on it; what --depth puts in the cache is one page again and again.",
        };
        verb.Add("Options", [model, prompts, answers, depths, threads, repetitions, .. prepared.All, .. cache.All, output]);
        verb.Example("cria bench -m llama.gguf", "A prompt of 512 tokens and an answer of 128.");
        verb.Example("cria bench -m llama.gguf -p 512,8192 -n 128 -t 1,2 -r 3 -o json", "Several lengths and numbers of threads, for programs.");
        verb.Example("cria bench -m llama.gguf -p 512 -n 32 -d 0,8192,32768 -ctk q8_0 -ctv q8_0", "With ever more in a cache of Q8_0.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            var plan = new BenchPlan(
                NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken),
                parsed.GetRequiredValue(threads),
                [.. parsed.GetRequiredValue(prompts).Where(length => length > 0)],
                [.. parsed.GetRequiredValue(answers).Where(length => length > 0)],
                parsed.GetRequiredValue(depths),
                (int)(parsed.GetValue(repetitions) ?? 5),
                cache.Read(parsed));
            BenchReport report = parsed.GetValue(output) == Format.Json ? new JsonBenchReport(terminal) : new MarkdownBenchReport(terminal);
            using var preparing = new PreparingProgress(terminal, cancellationToken);
            Run(plan, prepared.Read(parsed, terminal, preparing), report, terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Run(BenchPlan plan, PreparedCache? prepared, BenchReport report, Terminal terminal, CancellationToken cancellationToken)
    {
        using ITensorSource source = ModelSource.OpenToRun(plan.ModelPath, prepared);
        ModelSummary summary = ModelSummary.From(source);
        LlamaConfig config = LlamaConfig.From(source);
        plan.KvTypes.Check(config.HeadSize);
        long longest = (long)plan.Depths.Max() + plan.Prompts.Concat(plan.Answers).DefaultIfEmpty().Max();
        config = config with { ContextLength = Math.Max(config.ContextLength, longest) };
        report.Begin(plan);
        foreach (int threads in plan.Threads)
        {
            using var status = new StatusLine(terminal);
            status.Show("loading");
            CpuBackend backend = CpuBackend.Create(threads);
            using var model = new Llama(source, config, backend, new LoadProgress(terminal, summary.Name, cancellationToken));
            using var bench = new ThroughputBench(model, source, plan.KvTypes);
            using var meter = new LimitMeter(backend.ThreadCount);
            foreach (int depth in plan.Depths)
            {
                foreach (int tokens in plan.Prompts)
                    Time("prompt", tokens, depth, between => bench.Prompt(tokens, plan.Repetitions, depth, between, cancellationToken), (result, limits) => BenchLimit.OfPrompt(result, limits, bench.IsQuantized));
                foreach (int tokens in plan.Answers)
                    Time("answer", tokens, depth, between => bench.Decode(tokens, plan.Repetitions, depth, between, cancellationToken), BenchLimit.OfAnswer);
            }

            void Time(string test, int tokens, int depth, Func<Action, ThroughputResult> run, Func<ThroughputResult, IReadOnlyList<MachineLimits>, BenchLimit> limit)
            {
                string name = FormattableString.Invariant($"{test} {tokens}{(depth > 0 ? FormattableString.Invariant($" after {depth}") : "")}");
                status.Show(FormattableString.Invariant($"timing: {name}, {backend.ThreadCount} threads, {plan.Repetitions} times"));
                var limits = new List<MachineLimits>();
                ThroughputResult result = run(() => limits.Add(meter.Measure()));
                status.Clear();
                report.Add(new BenchRow(summary, backend.ThreadCount, name, result, limit(result, limits)));
            }
        }
        report.End();
    }
}
