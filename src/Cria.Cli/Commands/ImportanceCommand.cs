using System.CommandLine;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria imatrix</c>: measures where a model's inputs are strong, for <c>cria quantize --imatrix</c>.</summary>
internal static class ImportanceCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> model = ModelOptions.ModelOption();
        var file = new Option<string>("--file", "-f") { HelpName = "TEXT", Description = "The text to run; UTF-8.", Required = true };
        var output = new Option<string>("--output", "-o") { HelpName = "OUT", Description = "The file to write: the older form where it ends in .dat, else GGUF (default imatrix.gguf).", DefaultValueFactory = _ => "imatrix.gguf" };
        Option<long?> window = Numbers.Integer("--context", ["-c"], "N", "Tokens of a window (default 512).", 2, int.MaxValue);
        Option<long?> windows = Numbers.Integer("--chunks", [], "N", "Windows to run; by default all of the text.", 1, int.MaxValue);
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);
        var verb = new Verb("imatrix", "Measure the importance matrix that quantizing can use.") { Details = "Use the model that will be quantized, and text like that which it will see. A hundred windows do, more help a little." };
        verb.Add("Options", model, file, output, window, windows, threads);
        verb.Example("cria imatrix -m llama-f16.gguf -f calibration.txt -o llama.imatrix", "Then: cria quantize … --imatrix llama.imatrix");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string text = parsed.GetRequiredValue(file), target = parsed.GetRequiredValue(output);
            using ITensorSource source = ModelSource.Open(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken));
            var measurement = new ImportanceMeasurement(source, TextFile.Read(text), (int)(parsed.GetValue(window) ?? 512), (int?)parsed.GetValue(windows), (int)(parsed.GetValue(threads) ?? 0));
            ImportanceMatrix matrix;
            using (var status = new StatusLine(terminal)) matrix = measurement.Run(Path.GetFileName(text), new WindowProgress(status, measurement.Windows), cancellationToken);
            if (target.EndsWith(".dat", StringComparison.OrdinalIgnoreCase)) matrix.WriteLegacy(target);
            else matrix.WriteGguf(target);
            terminal.Out.WriteLine($"{target}: {matrix.Entries.Count} matrices, {matrix.ChunkCount} windows of {matrix.ChunkSize} tokens");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
