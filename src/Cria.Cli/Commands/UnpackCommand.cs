using System.CommandLine;
using Cria.Packing.OneFile;

namespace Cria.Cli.Commands;

/// <summary><c>cria unpack</c>: the parts of a packed file.</summary>
internal static class UnpackCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var packed = new Argument<string>("file") { HelpName = "FILE", Description = "A file that cria pack or llamafile made." };
        var output = new Option<string?>("--output", "-o") { HelpName = "FOLDER", Description = "Where to put the parts; by default a folder named like the file, in the current one." };
        var verb = new Verb("unpack", "Take a packed file apart: model, arguments, programs.")
        {
            Details = "The parts are those that were packed, byte for byte; a model that was packed with --only-prepared comes as a plain one. Nothing is overwritten.",
        };
        verb.Arguments.Add(packed);
        verb.Add("Options", output);
        verb.Example("cria unpack llama.exe -o parts", "The model, .args, and programs/SYSTEM/cria.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(packed);
            string folder = parsed.GetValue(output) ?? DefaultFolder(path);
            IReadOnlyList<string> parts = [];
            ProgressBar.Run(terminal, "unpacking", progress => parts = Unpacker.Unpack(path, folder, progress, cancellationToken));
            foreach (string part in parts) terminal.Out.WriteLine($"{part}: {Quantity.Bytes(new FileInfo(part).Length)}");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static string DefaultFolder(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        // A file without an ending has the name that the folder would have.
        return Path.Exists(name) && !Directory.Exists(name) ? name + ".parts" : name;
    }
}
