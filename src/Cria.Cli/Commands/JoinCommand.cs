using System.CommandLine;
using Cria.Packing;

namespace Cria.Cli.Commands;

/// <summary><c>cria join</c>: one file from its parts.</summary>
internal static class JoinCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var part = new Argument<string>("part") { HelpName = "PART", Description = "Any part: NAME-00001-of-00003.gguf or NAME.cat0. The others must lie beside it." };
        var output = new Argument<string>("out") { HelpName = "OUT", Description = "The file to write." };
        var verb = new Verb("join", "Put a model that comes in parts together.")
        {
            Details = "Parts must be complete; a joined model is checked before it gets its name.",
        };
        verb.Arguments.Add(part);
        verb.Arguments.Add(output);
        verb.Example("cria join llama.llamafile.cat0 llama.llamafile", "Plain pieces.");
        verb.Example("cria join llama-00001-of-00003.gguf llama.gguf", "A split GGUF model.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            int parts = 0;
            ProgressBar.Run(terminal, "joining", progress => parts = FileParts.Join(parsed.GetRequiredValue(part), path, progress, cancellationToken));
            terminal.Out.WriteLine($"{path}: {Quantity.Bytes(new FileInfo(path).Length)} from {Quantity.Exact(parts)} parts");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
