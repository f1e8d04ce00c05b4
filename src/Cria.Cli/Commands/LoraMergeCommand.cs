using System.CommandLine;
using Cria.Adapters;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria lora merge</c>: a model with an adapter in its weights.</summary>
internal static class LoraMergeCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { HelpName = "MODEL", Description = "The model the adapter was trained on, best in F32, F16 or BF16." };
        var adapter = new Argument<string>("adapter") { HelpName = "ADAPTER[:SCALE]", Description = "A folder in PEFT's form or a GGUF adapter, and how strongly to apply it; by default 1." };
        var output = new Argument<string>("out") { HelpName = "OUT", Description = "A name ending in .gguf, or that of a new folder of Hugging Face's form." };
        Option<TensorType?> type = Numbers.Choice("--type", "Store the matrices in this type; by default each keeps its own, and a quantized one that changes becomes F16.", ("F32", TensorType.F32), ("F16", TensorType.F16), ("BF16", TensorType.BF16));
        var verb = new Verb("merge", "Write a model with an adapter merged into its weights.");
        verb.Arguments.Add(model);
        verb.Arguments.Add(adapter);
        verb.Arguments.Add(output);
        verb.Add("Options", type);
        verb.Example("cria lora merge llama-f16.gguf my-adapter merged.gguf", "Then 'cria quantize merged.gguf …' makes it small.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            AdapterFile file = AdapterText.Parse(parsed.GetRequiredValue(adapter));
            using MergedSource source = Open(NamedModel.Locate(parsed.GetRequiredValue(model), terminal, cancellationToken), file);
            ProgressBar.Run(terminal, "merging", progress => Converter.Write(source, path, new ConvertOptions { Type = parsed.GetValue(type) }, progress, cancellationToken));
            terminal.Out.WriteLine($"{path}: {source.Path} with {file.Path}, {Quantity.Count(source.Tensors.Sum(tensor => tensor.ElementCount))} parameters");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static MergedSource Open(string model, AdapterFile file)
    {
        ITensorSource source = ModelSource.Open(model);
        try
        {
            return new MergedSource(source, [file.Open(LlamaConfig.From(source).HeadSize)]);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
