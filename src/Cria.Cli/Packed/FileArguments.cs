using System.CommandLine;
using System.CommandLine.Parsing;
using Cria.Packing.OneFile;
using Cria.Tensors;

namespace Cria.Cli.Packed;

/// <summary>Completes a command line by what a packed file (this program's own, or a llamafile it is given) says in its <c>.args</c>. What the user says himself goes before.</summary>
internal sealed class FileArguments(RootCommand root, Func<IReadOnlyList<string>, ParseResult> parse, PackedFile? own)
{
    private const string Serve = "serve", ModelOption = "--model";

    /// <summary>The commands that answer; the others measure or change a model, and a file's settings for answers are not meant for them.</summary>
    public static readonly string[] Answering = ["run", "chat", Serve];

    /// <summary>The whole command line. Nothing at all starts what the file was packed for, which is the chat page where it does not say.</summary>
    public string[] Complete(string[] args)
    {
        if (own is not null && (args.Length == 0 || (args[0].StartsWith('-') && args[0] is not ("-h" or "--help" or "--version")))) args = Started(own, args);
        if (args.Length == 0 || !Answering.Contains(args[0]) || CommandNamed(args[0]) is not { } command) return args;
        args = WithModelOption(args, command);
        string? named = Named(parse(args), command);
        PackedFile? file = named is null ? own : Open(named);
        return file is null ? args : [args[0], .. Defaults(file, command, args), .. args[1..]];
    }

    /// <summary>A command line that begins with the command of the file's arguments.</summary>
    private string[] Started(PackedFile file, string[] args)
    {
        string first = file.Arguments.Count > 0 ? file.Arguments[0] : "";
        if (first == "help") return args.Length == 0 ? [first] : args;
        Command? command = CommandNamed(first);
        string[] line = [command?.Name ?? Serve, .. args, .. Parts(command ?? CommandNamed(Serve)!, file.Arguments.Skip(command is null ? 0 : 1)).Where(part => part.Option is null).SelectMany(part => part.Tokens)];
        // Started by a click: there is nobody who would read an address or choose a port.
        return line[0] == Serve && args.Length == 0 ? [.. line, "--open", "--any-port"] : line;
    }

    /// <summary><c>run X.llamafile "…"</c> means <c>run -m X.llamafile "…"</c>: a file that holds a model is no prompt.</summary>
    private static string[] WithModelOption(string[] args, Command command)
    {
        bool takesFile = args.Length > 1 && !args[1].StartsWith('-') && command.Arguments.All(argument => argument.Name != "model");
        return takesFile && HoldsModel(args[1]) ? [args[0], "-m", .. args[1..]] : args;
    }

    private static bool HoldsModel(string path)
    {
        // An empty file, or a pipe, which would be waited for.
        if (new FileInfo(path) is not { Exists: true, Length: > 0 }) return false;
        using (FileStream file = File.OpenRead(path))
        {
            Span<byte> head = stackalloc byte[4];
            if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("GGUF"u8)) return true;
        }
        try
        {
            return PackedFile.TryOpen(path) is not null;
        }
        catch (CriaException)
        {
            // A damaged one is no prompt either.
            return true;
        }
    }

    /// <summary>The packed file of a name; null where there is none or it is damaged, which loading it will tell.</summary>
    private static PackedFile? Open(string path)
    {
        try
        {
            return File.Exists(path) ? PackedFile.TryOpen(path) : null;
        }
        catch (CriaException)
        {
            return null;
        }
    }

    /// <summary>The model that the user named, by option or as an argument; null when he did not.</summary>
    private static string? Named(ParseResult parsed, Command command)
    {
        SymbolResult? option = OptionNamed(command, ModelOption) is { } model ? parsed.GetResult(model) : null;
        SymbolResult? argument = command.Arguments.FirstOrDefault(argument => argument.Name == "model") is { } positional ? parsed.GetResult(positional) : null;
        return (option?.Tokens ?? []).Concat(argument?.Tokens ?? []).FirstOrDefault()?.Value;
    }

    /// <summary>The file's options that the command has and the user did not give. Those of a foreign file that this command would not take, such as a context of 0, are left out.</summary>
    private IEnumerable<string> Defaults(PackedFile file, Command command, string[] args)
    {
        ParseResult given = parse(args);
        bool isForeign = file.IsForeign;
        bool namesCommand = file.Arguments.Count > 0 && !file.Arguments[0].StartsWith('-');
        foreach ((Option? option, string[] tokens) in Parts(command, file.Arguments.Skip(namesCommand ? 1 : 0)))
        {
            if (option is null || option.Name == ModelOption || given.GetResult(option) is { Implicit: false }) continue;
            if (isForeign && parse([command.Name, .. tokens]).Errors.Count > parse([command.Name]).Errors.Count) continue;
            foreach (string token in tokens) yield return token;
        }
    }

    /// <summary>Arguments taken apart: each option of the command with its value, and what stands alone. Options the command does not have are passed over, with what follows them.</summary>
    public static IEnumerable<(Option? Option, string[] Tokens)> Parts(Command command, IEnumerable<string> arguments)
    {
        string[] tokens = [.. arguments.Where(argument => argument != PackedFile.UserArguments)];
        for (int i = 0; i < tokens.Length; i++)
        {
            string name = NameOf(tokens[i]);
            if (!IsOption(tokens[i]))
            {
                yield return (null, [tokens[i]]);
            }
            else if (OptionNamed(command, name) is { } option)
            {
                bool hasValue = name.Length == tokens[i].Length && option.Arity.MinimumNumberOfValues > 0 && i + 1 < tokens.Length;
                yield return (option, hasValue ? [tokens[i], tokens[++i]] : [tokens[i]]);
            }
            else if (i + 1 < tokens.Length && !tokens[i + 1].StartsWith('-'))
            {
                i++;
            }
        }
    }

    /// <summary>True for <c>-x</c> and <c>--x</c>, not for a number below zero.</summary>
    public static bool IsOption(string token) => token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]);

    /// <summary>An option without the value that is written behind it.</summary>
    public static string NameOf(string token) => IsOption(token) && token.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals ? token[..equals] : token;

    private Command? CommandNamed(string name) => root.Subcommands.FirstOrDefault(command => command.Name == name);

    /// <summary>The command's option of a name or alias; null when it has none.</summary>
    public static Option? OptionNamed(Command command, string name) => command.Options.FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));
}
