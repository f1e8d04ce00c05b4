using System.CommandLine;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria convert</c>: the same model in another form.</summary>
internal static class ConvertCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var input = new Argument<string>("in") { HelpName = "IN", Description = "The model to read: GGUF, a Hugging Face or Meta folder, a llamafile, the name of a pulled model." };
        var output = new Argument<string>("out") { HelpName = "OUT", Description = "A name ending in .gguf, or that of a new folder of Hugging Face's form." };
        Option<TensorType?> type = Numbers.Choice("--type", "Store the matrices in this type; by default each keeps its own.", ("F32", TensorType.F32), ("F16", TensorType.F16), ("BF16", TensorType.BF16));
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads to use; by default all cores.", 1, 4096);
        var verb = new Verb("convert", "Write the same model in another form.")
        {
            Details = "Weights keep every bit where their type stays the same. A model of any size needs only a few gigabytes of memory.",
        };
        verb.Arguments.Add(input);
        verb.Arguments.Add(output);
        verb.Add("Options", type, threads);
        verb.Example("cria convert Meta-Llama-3-8B-Instruct llama.gguf", "A folder from Hugging Face or Meta as one file.");
        verb.Example("cria convert llama.gguf llama-hf --type BF16", "A GGUF file as a folder for transformers.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            using ITensorSource source = ModelSource.Open(NamedModel.Locate(parsed.GetRequiredValue(input), terminal, cancellationToken));
            var options = new ConvertOptions { Type = parsed.GetValue(type), Threads = (int)(parsed.GetValue(threads) ?? 0) };
            ProgressBar.Run(terminal, "converting", progress => Converter.Write(source, path, options, progress, cancellationToken));
            terminal.Out.WriteLine($"{path}: {Quantity.Bytes(SizeOf(path))}, {Quantity.Count(source.Tensors.Sum(tensor => tensor.ElementCount))} parameters");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static long SizeOf(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path).Sum(file => new FileInfo(file).Length) : new FileInfo(path).Length;
}
