using System.CommandLine;
using Cria.Packing.OneFile;

namespace Cria.Cli.Packed;

/// <summary>The default arguments of a file about to be packed.</summary>
internal static class PackedDefaults
{
    /// <summary>
    /// Sees to it that the file will start with each command they are for: the one they begin with, or all that answer. Throws <see cref="UsageException"/> when none of these has an option,
    /// when one would not take its value, or when they name a model.
    /// </summary>
    public static void Check(RootCommand root, string[] arguments)
    {
        string[] line = [.. arguments.Where(argument => argument != PackedFile.UserArguments)];
        if (line.Contains("-m") || line.Contains("--model")) throw new UsageException("--args names a model; the file uses the one that is packed into it");
        if (line is [] or ["help", ..]) return;
        Command? first = root.Subcommands.FirstOrDefault(command => command.Name == line[0]);
        if (first is null && !line[0].StartsWith('-')) throw new UsageException($"--args begins with '{line[0]}', which is neither a command nor an option");
        if (first is not null)
        {
            Parse(line);
            return;
        }
        Command[] commands = [.. root.Subcommands.Where(command => FileArguments.Answering.Contains(command.Name))];
        foreach (string option in line.Where(FileArguments.IsOption).Select(FileArguments.NameOf))
        {
            if (!commands.Any(command => FileArguments.OptionNamed(command, option) is not null)) throw new UsageException($"--args has the option '{option}', which none of {string.Join(", ", FileArguments.Answering)} has");
        }
        foreach (Command command in commands)
            Parse([command.Name, .. FileArguments.Parts(command, line).SelectMany(part => part.Tokens)]);

        void Parse(string[] commandLine)
        {
            ParseResult parsed = Invoker.ParserOf(root)(commandLine);
            if (parsed.Errors.Count > 0) throw new UsageException($"--args would not start: {parsed.Errors[0].Message.TrimEnd('.')}");
        }
    }
}
