using System.CommandLine;
using Cria.Cli.Options;
using Cria.Packing;

namespace Cria.Cli.Commands;

/// <summary><c>cria new</c>: a model that has learnt nothing yet.</summary>
internal static class NewCommand
{
    private const int LargestSize = 1 << 26;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var output = new Option<string>("--output", "-o") { HelpName = "OUT", Required = true, Description = "The GGUF file to write." };
        var tokenizer = new Option<string>("--tokenizer") { HelpName = "FILE", Required = true, Description = "The vocabulary: a GGUF file with one, tokenizer.model, tokenizer.json, or a model's folder." };
        Option<long?> hidden = Size("--hidden", "Features of a token between layers."), layers = Size("--layers", "Layers."), heads = Size("--heads", "Query heads of a layer.");
        foreach (Option<long?> option in new[] { hidden, layers, heads }) option.Required = true;
        Option<long?> keyValueHeads = Size("--kv-heads", "Key-value heads of a layer, shared by the query heads; by default as many as those.");
        Option<long?> headSize = Size("--head-size", "Features of a head; by default the hidden size over the heads.");
        Option<long?> feedForward = Size("--ffn", "Features inside the feed-forward network; by default 3.5 times the hidden size.");
        Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "Tokens it shall attend over; by default 8192.", 1, int.MaxValue);
        Option<double?> theta = Numbers.Real("--rope-theta", "X", "Rotary base; by default Llama 3's 500000.", 1.000001);
        var tied = new Option<bool>("--tied") { Description = "Use the embedding as the output matrix too, which saves its size." };
        Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Where the random weights begin; by default 0. The same seed gives the same file.");
        var verb = new Verb("new", "Write a model with random weights, to be trained.") { Details = "The weights are F32. The model answers nonsense until it is trained." };
        verb.Add("Files", output, tokenizer);
        verb.Add("Shape", hidden, layers, heads, keyValueHeads, headSize, feedForward, context, theta, tied);
        verb.Add("Weights", seed);
        verb.Example("cria new -o small.gguf --tokenizer books.gguf --hidden 256 --layers 6 --heads 8 --kv-heads 4 --ffn 704 --context 1024 --tied", "A model of a few million parameters.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            if (!path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--output wants a name ending in .gguf, not '{path}'");
            var model = new FreshModel(new FreshModelOptions
            {
                HiddenSize = (int)parsed.GetValue(hidden)!.Value,
                LayerCount = (int)parsed.GetValue(layers)!.Value,
                HeadCount = (int)parsed.GetValue(heads)!.Value,
                KeyValueHeadCount = (int?)parsed.GetValue(keyValueHeads),
                HeadSize = (int?)parsed.GetValue(headSize),
                FeedForwardSize = (int?)parsed.GetValue(feedForward),
                ContextLength = (int)(parsed.GetValue(context) ?? 8192),
                RopeTheta = parsed.GetValue(theta) ?? 500000,
                Tied = parsed.GetValue(tied),
                Seed = parsed.GetValue(seed) ?? 0,
            }, VocabularyFile.Read(parsed.GetRequiredValue(tokenizer)));
            ProgressBar.Run(terminal, "writing", progress => model.Write(path, progress, cancellationToken));
            terminal.Out.WriteLine($"{path}: {Quantity.Bytes(new FileInfo(path).Length)}, {Quantity.Count(model.ParameterCount)} parameters");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static Option<long?> Size(string name, string description) => Numbers.Integer(name, [], "N", description, 1, LargestSize);
}
