using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Cria.Cli.Options;
using Cria.Tensors;
using Cria.Training;
using Cria.Training.LowRank;

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
    private readonly Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add("Files", Model, Data, ValidationData, ValidationShare, Output, Config, Resume, Type);
        verb.Add("Data", length, rows, accumulate, TrainOnInputs, SkipTooLong, seed);
        verb.Add("Learning", steps, epochs, rate, schedule, warmup, final, decay, beta1, beta2, clip);
        verb.Add("LoRA", loraRank, loraAlpha, loraDropout, loraTargets);
        verb.Add("Running", evaluateEvery, saveEvery, bf16, recompute, threads);
    }

    /// <summary>The command line with what the config file says added, as long as it is not typed too.</summary>
    public ParseResult WithConfig(ParseResult typed, Command command)
    {
        if (typed.GetValue(Config) is not { } path) return typed;
        var words = new List<string>();
        using (JsonDocument document = Read(path))
        {
            foreach (JsonProperty setting in document.RootElement.EnumerateObject())
            {
                Option option = command.Options.FirstOrDefault(option => option.Name == "--" + setting.Name && option != Config)
                    ?? throw new CriaException($"{path}: there is no option '{setting.Name}'; see 'cria train --help' for their names");
                if (typed.GetResult(option) is { Implicit: false }) continue;
                bool isFlag = option.ValueType == typeof(bool);
                if (isFlag && setting.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw new CriaException($"{path}: {setting.Name} is true or false, not {setting.Value.GetRawText()}");
                if (setting.Value.ValueKind is JsonValueKind.False or JsonValueKind.Null) continue;
                if (setting.Value.ValueKind == JsonValueKind.True && isFlag) words.Add(option.Name);
                else if (setting.Value.ValueKind == JsonValueKind.Array) words.AddRange(setting.Value.EnumerateArray().SelectMany(value => (string[])[option.Name, Text(path, setting.Name, value)]));
                else words.AddRange([option.Name, Text(path, setting.Name, setting.Value)]);
            }
        }
        ParseResult merged = command.Parse([.. typed.Tokens.Where(token => token.Type != TokenType.Command).Select(token => token.Value), .. words], typed.Configuration);
        return merged.Errors.Count == 0 ? merged : throw new CriaException($"{path}: {merged.Errors[0].Message.TrimEnd('.')}");
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

    public int RowLength(ParseResult parsed) => (int)(parsed.GetValue(length) ?? 512);

    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed) ?? 0;

    public long EvaluateEvery(ParseResult parsed) => parsed.GetValue(evaluateEvery) ?? 100;

    public long SaveEvery(ParseResult parsed) => parsed.GetValue(saveEvery) ?? 500;

    public bool RoundToBrain(ParseResult parsed) => parsed.GetValue(bf16);

    public bool Recompute(ParseResult parsed) => parsed.GetValue(recompute);

    public int Threads(ParseResult parsed) => (int)(parsed.GetValue(threads) ?? 0);

    private static JsonDocument Read(string path)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new CriaException($"{path} does not hold a JSON object of options");
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{path}: line {failure.LineNumber + 1} is not valid JSON; correct it", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    private static string Text(string path, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new CriaException($"{path}: {name} is {value.GetRawText()}, which is neither text nor a number"),
    };
}
