using System.CommandLine;
using Cria.Cli.Options;
using Cria.Cli.Packed;
using Cria.Cli.Pulling;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Kernels;

namespace Cria.Cli.Commands;

/// <summary><c>cria pack</c>: program and model in one file.</summary>
internal static class PackCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> model = ModelOptions.ModelOption();
        (model.Required, model.Description) = (true, "The model: a GGUF file, a split one, a folder as Hugging Face and Meta have them, a packed file, or the name of a pulled one, ORG/NAME[:QUANT].");
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "The file to write; a name that ends in .exe starts on Windows too.", Required = true };
        var arguments = new Option<string?>("--args") { HelpName = "TEXT", Description = "Options that hold where the user gives none, as one would type them; a command first starts that instead of the chat page; ... is where the user's own go." };
        var runtimes = new Option<string[]>("--runtime") { HelpName = "SYSTEM[=PATH]", Description = $"A released cria to put in; may be given once for each of {string.Join(", ", PackedSystems.All)}. By default this program.", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        var beside = new Option<bool>("--beside") { Description = "Put the weights beside the file, not into it: Windows starts no file of more than 4 GiB." };
        var prepared = new Option<string?>("--prepared") { HelpName = "LEVEL", Description = $"Also put the weights in in the layout that a CPU level wants ({string.Join(", ", PreparedLayout.Levels.Select(PreparedLayout.NameOf))}; by default this machine's): there the first tokens come as fast as later ones. Other levels use the plain weights.", Arity = ArgumentArity.ZeroOrOne };
        var onlyPrepared = new Option<bool>("--only-prepared") { Description = "With --prepared: leave the plain weights out. Other levels use the prepared ones too, with the same results." };
        var verb = new Verb("pack", "Put a model and cria into one file that runs.")
        {
            Details = "Started without arguments the file serves a chat page and opens a browser; with arguments it is the whole cria, and the model inside answers where none is named. "
                + "It is a zip archive too: the model lies in it uncompressed and is used where it lies.",
        };
        verb.Add("Options", model, output, arguments, runtimes, beside, prepared, onlyPrepared);
        verb.Example("cria pack -m llama.gguf -o llama", "For this system.");
        verb.Example("cria pack -m llama.gguf -o llama.exe --runtime linux-x64 --runtime win-x64=cria.exe", "One file for Linux and Windows: this program, and the one for Windows.");
        verb.Example("cria pack -m llama.gguf -o pirate --args \"--temp 0.7 -c 8192\"", "With defaults of its own.");
        verb.Example("cria pack -m llama.gguf -o llama --prepared avx2", "With the weights as processors with AVX2 want them, too.");
        verb.Example("cria pack -m 8b.gguf -o 8b.exe --runtime win-x64=cria.exe --beside", "A program, and beside it weights of any size.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string[] defaults = ArgumentText.Split(parsed.GetValue(arguments) ?? "");
            var options = new PackOptions
            {
                Programs = PackedSystems.Programs(parsed.GetValue(runtimes) ?? []),
                Arguments = defaults,
                WeightsBeside = parsed.GetValue(beside),
                Prepared = parsed.GetResult(prepared) is null ? null : parsed.GetValue(prepared) is { } level ? PreparedLayout.Parse(level) : PreparedHere(),
                OnlyPrepared = parsed.GetValue(onlyPrepared),
            };
            if (options.OnlyPrepared && options.Prepared is null) throw new UsageException("--only-prepared goes with --prepared");
            if (options.WeightsBeside && options.Prepared is not null) throw new UsageException("--prepared weights go into the file, not beside it; leave out --beside or --prepared");
            PackedDefaults.Check((RootCommand)parsed.RootCommandResult.Command, defaults);
            string path = parsed.GetRequiredValue(output);
            using ITensorSource source = ModelSource.Open(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken));
            IReadOnlyList<string> written = [];
            ProgressBar.Run(terminal, "packing", progress => written = Packer.Pack(source, path, options, progress, cancellationToken));
            foreach (string file in written) terminal.Out.WriteLine($"{file}: {Quantity.Bytes(new FileInfo(file).Length)}{(file == path ? $", for {string.Join(", ", options.Programs.Select(program => program.System))}" : "")}");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static CpuLevel PreparedHere() => PreparedLayout.Here
        ?? throw new CriaException($"this processor (CPU level {Cpu.Describe()}) uses weights as they are stored, so there is nothing to prepare for it; leave --prepared out, or name the level of other machines ({string.Join(", ", PreparedLayout.Levels.Select(PreparedLayout.NameOf))})");
}
