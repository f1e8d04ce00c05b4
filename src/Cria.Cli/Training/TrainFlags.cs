using System.CommandLine;
using Cria.Cli.Options;
using Cria.Extension;
using Cria.Models;
using Cria.Tensors.Formats;
using Cria.Tensors.Threading;
using Cria.Training;
using Cria.Training.LowRank;
using Cria.Training.Planning;
using Cria.Training.Ranks;

namespace Cria.Cli.Training;

/// <summary>The options of <c>cria train</c>. A JSON file may hold any of them by name, without the dashes; what is typed counts more.</summary>
internal sealed class TrainFlags
{
    public readonly Option<string> Model = new("--model", "-m") { HelpName = "MODEL", Description = "Where training begins: a model of any kind, or one from 'cria new'." };
    public readonly Option<string[]> Data = new("--data", "-d") { HelpName = "FILE", AllowMultipleArgumentsPerToken = true, Description = "What to learn from: files of plain text or JSON lines, or folders of such." };
    public readonly Option<string[]> ValidationData = new("--validation", "-v") { HelpName = "FILE", AllowMultipleArgumentsPerToken = true, Description = "What to measure the loss on beside that." };
    public readonly Option<double?> ValidationShare = Numbers.Real("--validation-share", "X", "Keep this share of the documents for that instead (default 0).", 0, 0.9);
    public readonly Option<string> Output = new("--output", "-o") { HelpName = "FOLDER", Description = "Where model.gguf, checkpoint.safetensors, log.csv and loss.svg go." };
    public readonly Option<string?> Config = new("--config") { HelpName = "FILE", Description = "Options in a JSON file: {\"learning-rate\": 0.001, \"data\": [\"a.jsonl\"]}." };
    public readonly Option<string?> Stages = new("--stages") { HelpName = "FILE", Description = "Train in stages, each from the model of the one before: options in a JSON file, those of a stage in its list \"stages\"." };
    public readonly Option<bool> Resume = new("--resume") { Description = "Go on from the checkpoint in the folder." };
    public readonly Option<string?> Type = new("--type") { HelpName = "TYPE", Description = "Store the model as F32 (default), F16, Q8_0 or any other type." };
    public readonly Option<bool> TrainOnInputs = new("--train-on-inputs") { Description = "In conversations, learn what users say too." };
    public readonly Option<bool> SkipTooLong = new("--skip-too-long") { Description = "Leave out conversations longer than a row." };
    private readonly Option<long?> loraRank = Numbers.Integer("--lora-rank", [], "N", "Learn a LoRA adapter of this rank in place of the weights.", 1, 4096);
    private readonly Option<double?> loraAlpha = Numbers.Real("--lora-alpha", "X", "The adapter's product is scaled by this over its rank (default 16).", 0);
    private readonly Option<double?> loraDropout = Numbers.Real("--lora-dropout", "X", "Share of its inputs left out at random (default 0).", 0, 0.99);
    private readonly Option<string[]> loraTargets = new("--lora-targets") { HelpName = "NAME", AllowMultipleArgumentsPerToken = true, Description = $"Which matrices: {string.Join(", ", LoraOptions.TargetNames)} (default all)." };
    private readonly Option<long?> steps = Numbers.Integer("--steps", ["-n"], "N", "Steps in all.", 1);
    private readonly Option<double?> epochs = Numbers.Real("--epochs", "X", "Passes over the data, in place of --steps (default 1).", 1e-6);
    private readonly Option<long?> rows = Numbers.Integer("--batch", ["-b"], "N", "Rows of a batch (default 4).", 1, 65536);
    private readonly Option<long?> length = Numbers.Integer("--length", ["-l"], "TOKENS", "Tokens of a row; documents are packed into rows (default 512).", 1, 1 << 24);
    private readonly Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "The context that the model is to have; rows are as long.", 1, int.MaxValue);
    private readonly Option<double?> theta = Numbers.Real("--theta", "X", "The rotary base for it.", 1.000001);
    private readonly Option<ExtensionRule?> rule = Numbers.Choice("--rule", "Or the rule for it, as of 'cria extend' (default dynamic-ntk).",
        ("dynamic-ntk", ExtensionRule.DynamicNtk), ("ntk", ExtensionRule.Ntk), ("critical", ExtensionRule.CriticalBase), ("linear", ExtensionRule.Linear), ("yarn", ExtensionRule.Yarn), ("llama3", ExtensionRule.Llama3));
    private readonly Option<long?> accumulate = Numbers.Integer("--accumulate", [], "N", "Batches whose gradients make one step (default 1).", 1, 1 << 20);
    private readonly Option<double?> rate = Numbers.Real("--learning-rate", "X", "The highest learning rate (default 3e-4).", 0);
    private readonly Option<double?> final = Numbers.Real("--final-share", "X", "Where a falling rate ends, as a share of the highest (default 0.1).", 0, 1);
    private readonly Option<long?> warmup = Numbers.Integer("--warmup", [], "STEPS", "Steps over which the rate rises (default 0).", 0);
    private readonly Option<Schedule?> schedule = Numbers.Choice("--schedule", "How the rate goes on (default cosine).", ("constant", Schedule.Constant), ("linear", Schedule.Linear), ("cosine", Schedule.Cosine));
    private readonly Option<double?> decay = Numbers.Real("--weight-decay", "X", "Decay of matrices (default 0.1).", 0);
    private readonly Option<double?> beta1 = Numbers.Real("--beta1", "X", "Share of the mean gradient kept (default 0.9).", 0, 1);
    private readonly Option<double?> beta2 = Numbers.Real("--beta2", "X", "Share of the mean squared gradient kept (default 0.95).", 0, 1);
    private readonly Option<double?> clip = Numbers.Real("--clip", "X", "Longest gradient; 0 for any (default 1).", 0);
    private readonly Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Decides the order of the data and dropout (default 0).");
    private readonly Option<long?> evaluateEvery = Numbers.Integer("--evaluate-every", [], "STEPS", "Measure the validation loss this often (default 100).", 1);
    private readonly Option<long?> saveEvery = Numbers.Integer("--save-every", [], "STEPS", "Write checkpoint and model this often (default 500).", 1);
    private readonly Option<bool> bf16 = new("--bf16") { Description = "Round the factors of matrix products to bfloat16 where the processor multiplies those faster; sums and weights stay floats." };
    private readonly Option<bool> recompute = new("--recompute") { Description = "Keep two activations a layer and compute the others again on the way back: a third slower, far less memory." };
    private readonly Option<long?> ring = Numbers.Integer("--ring", [], "R", "Ranks that each sequence is spread over; by default as many as were started, shared out among the replicas.", 1, 1 << 20);
    private readonly Option<long?> replicas = Numbers.Integer("--replicas", [], "D", "Rings that share the rows of a batch (default 1).", 1, 1 << 20);
    private readonly Option<long?> ulysses = Numbers.Integer("--ulysses", [], "U", "Ranks that share the heads of each place of a ring (default 1).", 1, 1 << 10);
    private readonly Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add("Files", Model, Data, ValidationData, ValidationShare, Output, Config, Stages, Resume, Type);
        verb.Add("Data", length, rows, accumulate, TrainOnInputs, SkipTooLong, seed);
        verb.Add("Learning", steps, epochs, rate, schedule, warmup, final, decay, beta1, beta2, clip);
        verb.Add("Context", context, theta, rule);
        verb.Add("LoRA", loraRank, loraAlpha, loraDropout, loraTargets);
        verb.Add("Ranks (mpirun -np N cria train …)", ring, replicas, ulysses);
        verb.Add("Running", evaluateEvery, saveEvery, bf16, recompute, threads);
    }

    /// <summary>The command line with what the config file says added, as long as it is not typed too.</summary>
    public ParseResult WithConfig(ParseResult typed, Command command)
    {
        if (typed.GetValue(Config) is not { } path) return typed;
        using var file = new OptionFile(path);
        return file.Parse(typed, command, file.Words(file.Root, command, option => typed.GetResult(option) is { Implicit: false }));
    }

    /// <summary>The hyperparameters; <paramref name="rowsOfPass"/> turns passes over the data into steps.</summary>
    public TrainingOptions Options(ParseResult parsed, Func<int, int> rowsOfPass)
    {
        int rowLength = RowLength(parsed), batch = (int)(parsed.GetValue(rows) ?? 4), batches = (int)(parsed.GetValue(accumulate) ?? 1);
        if (parsed.GetValue(steps) is not null && parsed.GetValue(epochs) is not null) throw new UsageException("--steps and --epochs say the same thing; give one of them");
        long count = parsed.GetValue(steps) ?? (long)Math.Ceiling((parsed.GetValue(epochs) ?? 1) * rowsOfPass(rowLength) / ((double)batch * batches));
        var options = new TrainingOptions { Steps = Math.Max(1, count), BatchRows = batch, RowLength = rowLength, Accumulation = batches };
        return options with
        {
            LearningRate = parsed.GetValue(rate) ?? options.LearningRate,
            FinalShare = parsed.GetValue(final) ?? options.FinalShare,
            WarmupSteps = parsed.GetValue(warmup) ?? options.WarmupSteps,
            Schedule = parsed.GetValue(schedule) ?? options.Schedule,
            WeightDecay = parsed.GetValue(decay) ?? options.WeightDecay,
            Beta1 = parsed.GetValue(beta1) ?? options.Beta1,
            Beta2 = parsed.GetValue(beta2) ?? options.Beta2,
            ClipNorm = parsed.GetValue(clip) ?? options.ClipNorm,
            Seed = Seed(parsed),
        };
    }

    /// <summary>What a step computes, for a plan.</summary>
    public PlannedWork Work(ParseResult parsed) => new(RowLength(parsed), (int)(parsed.GetValue(rows) ?? 4), (int)(parsed.GetValue(accumulate) ?? 1), Recompute(parsed));

    /// <summary>The adapter to learn; null to learn the weights themselves.</summary>
    public LoraOptions? Lora(ParseResult parsed)
    {
        if (parsed.GetValue(loraRank) is not { } rank)
        {
            if (parsed.GetValue(loraAlpha) is not null || parsed.GetValue(loraDropout) is not null || parsed.GetValue(loraTargets) is { Length: > 0 }) throw new UsageException("--lora-rank is missing: the other LoRA options go with it");
            return null;
        }
        var options = new LoraOptions { Rank = (int)rank };
        options = options with
        {
            Alpha = parsed.GetValue(loraAlpha) ?? options.Alpha,
            Dropout = parsed.GetValue(loraDropout) ?? options.Dropout,
            Targets = parsed.GetValue(loraTargets) is { Length: > 0 } targets ? [.. targets.SelectMany(name => name.Split(','))] : options.Targets,
        };
        options.Check();
        return options;
    }

    /// <summary>Tokens of a row: the context that is trained for, where one is given.</summary>
    public int RowLength(ParseResult parsed) => (int)(parsed.GetValue(length) ?? parsed.GetValue(context) ?? 512);

    public long? Context(ParseResult parsed) => parsed.GetValue(context);

    public long? Steps(ParseResult parsed) => parsed.GetValue(steps);

    /// <summary>The model with the context and the rotary positions it is to learn; what is given is taken over.</summary>
    public ITensorSource Extend(ParseResult parsed, ITensorSource source)
    {
        double? newTheta = parsed.GetValue(theta);
        ExtensionRule? newRule = parsed.GetValue(rule);
        if (newTheta is not null && newRule is not null) throw new UsageException("--theta and --rule contradict each other; give one of them");
        if (parsed.GetValue(context) is not { } tokens)
            return newTheta is null && newRule is null ? source : throw new UsageException("--context is missing: --theta and --rule say how to reach a longer one");
        if (tokens <= LlamaConfig.From(source).ContextLength && newTheta is null && newRule is null) return source;
        var options = new ExtensionOptions { Context = tokens, Theta = newTheta, Rule = newTheta is not null ? ExtensionRule.Base : newRule ?? ExtensionRule.DynamicNtk };
        return new ExtendedSource(source, RotaryPlan.For(source, options));
    }

    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed) ?? 0;

    public long EvaluateEvery(ParseResult parsed) => parsed.GetValue(evaluateEvery) ?? 100;

    public long SaveEvery(ParseResult parsed) => parsed.GetValue(saveEvery) ?? 500;

    public bool RoundToBrain(ParseResult parsed) => parsed.GetValue(bf16);

    public bool Recompute(ParseResult parsed) => parsed.GetValue(recompute);

    /// <summary>Threads of this process; where several ranks share a host, they share its cores.</summary>
    public int Threads(ParseResult parsed, int ranksOnHost) => (int)(parsed.GetValue(threads) ?? (ranksOnHost == 1 ? 0 : Math.Max(1, CpuTopology.PhysicalCores / ranksOnHost)));

    /// <summary>How <paramref name="count"/> ranks share the work; the ring takes what replicas and heads leave.</summary>
    public RankLayout Layout(ParseResult parsed, int count)
    {
        int outer = (int)(parsed.GetValue(replicas) ?? 1), inner = (int)(parsed.GetValue(ulysses) ?? 1);
        return new RankLayout((int)(parsed.GetValue(ring) ?? Math.Max(1, count / Math.Max(1, outer * inner))), outer, inner);
    }
}
