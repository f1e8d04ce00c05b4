using System.CommandLine;
using System.Globalization;
using Cria.Adapters;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria lora convert</c>: an adapter in the other form.</summary>
internal static class LoraConvertCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var adapter = new Argument<string>("adapter") { HelpName = "ADAPTER", Description = "A folder in PEFT's form, or a GGUF adapter." };
        var output = new Argument<string>("out") { HelpName = "OUT", Description = "A name ending in .gguf, or that of a new folder in PEFT's form." };
        Option<string?> model = ModelOptions.ModelOption();
        var verb = new Verb("convert", "Write an adapter in the other form: PEFT's or GGUF.") { Details = "The model must be named, because the two forms keep the rows of queries and keys in an order that depends on it." };
        verb.Arguments.Add(adapter);
        verb.Arguments.Add(output);
        verb.Add("Options", model);
        verb.Example("cria lora convert my-adapter my-adapter.gguf -m llama.gguf", "From PEFT's form to GGUF.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            if (Path.Exists(path)) throw new CriaException($"{path} is there already; choose a new name");
            using ITensorSource source = ModelSource.Open(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken));
            int headSize = LlamaConfig.From(source).HeadSize;
            LoraAdapter read = LoraAdapter.Open(parsed.GetRequiredValue(adapter), headSize);
            read.CheckFits(source);
            read.Write(path, headSize);
            int largest = read.Matrices.Max(matrix => matrix.Rank);
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: rank {largest}, {read.Matrices.Count} matrices, {Quantity.Count(read.Matrices.Sum(matrix => matrix.Down.LongLength + matrix.Up.LongLength))} parameters"));
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
