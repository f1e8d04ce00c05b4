using System.CommandLine;
using Cria.Cli.Commands;

namespace Cria.Cli;

/// <summary>Every command of the program.</summary>
internal static class CommandTree
{
    /// <summary>Commands that look at others: at which options they have.</summary>
    private static readonly string[] Curious = ["pack"];

    private static readonly (string Name, Func<Terminal, Interruption, Command> Create)[] Commands =
    [
        ("run", (terminal, _) => RunCommand.Create(terminal)),
        ("chat", ChatCommand.Create),
        ("serve", (terminal, _) => ServeCommand.Create(terminal)),
        ("inspect", (terminal, _) => InspectCommand.Create(terminal)),
        ("tokenize", (terminal, _) => TokenizeCommand.Create(terminal)),
        ("new", (terminal, _) => NewCommand.Create(terminal)),
        ("train", (terminal, _) => TrainCommand.Create(terminal)),
        ("data", (terminal, _) => DataCommand.Create(terminal)),
        ("extend", (terminal, _) => ExtendCommand.Create(terminal)),
        ("tokenizer", (terminal, _) => TokenizerCommand.Create(terminal)),
        ("bench", (terminal, _) => BenchCommand.Create(terminal)),
        ("eval", (terminal, _) => EvalCommand.Create(terminal)),
        ("perplexity", (terminal, _) => PerplexityCommand.Create(terminal)),
        ("imatrix", (terminal, _) => ImportanceCommand.Create(terminal)),
        ("pull", (terminal, _) => PullCommand.Create(terminal)),
        ("list", (terminal, _) => ListCommand.Create(terminal)),
        ("show", (terminal, _) => ShowCommand.Create(terminal)),
        ("rm", (terminal, _) => RmCommand.Create(terminal)),
        ("convert", (terminal, _) => ConvertCommand.Create(terminal)),
        ("lora", (terminal, _) => LoraCommand.Create(terminal)),
        ("quantize", (terminal, _) => QuantizeCommand.Create(terminal)),
        ("join", (terminal, _) => JoinCommand.Create(terminal)),
        ("split", (terminal, _) => SplitCommand.Create(terminal)),
        ("pack", (terminal, _) => PackCommand.Create(terminal)),
        ("unpack", (terminal, _) => UnpackCommand.Create(terminal)),
    ];

    /// <summary>The root with the commands that a command line can mean: the one it begins with, else all. Making all takes as long as the rest of a start.</summary>
    public static RootCommand For(string[] args, Terminal terminal, Interruption interruption)
    {
        var root = new RootCommand("Cria runs Llama 3 models on this computer.");
        bool isNamed = args.Length > 0 && !Curious.Contains(args[0]) && Commands.Any(command => command.Name == args[0]);
        bool isVersion = args is ["--version"];
        foreach ((string name, Func<Terminal, Interruption, Command> create) in Commands)
        {
            if (isNamed ? name == args[0] : !isVersion) root.Subcommands.Add(create(terminal, interruption));
        }
        return root;
    }
}
