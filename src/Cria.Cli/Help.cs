using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cria.Cli;

/// <summary>Prints help pages: what a command does, how it is written, its options by group, and examples.</summary>
internal sealed class Help(Terminal terminal) : SynchronousCommandLineAction
{
    private const int Indent = 2;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command);
        return ExitCode.Success;
    }

    /// <summary>Prints the page of a command.</summary>
    public void Write(Command command)
    {
        Wrapped(command.Description ?? "", 0);
        if (command is Verb { Details.Length: > 0 } detailed)
        {
            terminal.Out.WriteLine();
            Wrapped(detailed.Details, 0);
        }
        Title("Usage");
        terminal.Out.WriteLine("  " + Usage(command));
        if (command.Subcommands.Count > 0)
        {
            Title("Commands");
            Rows([.. command.Subcommands.Select(child => (child.Name, child.Description ?? ""))]);
        }
        if (command.Arguments.Count > 0)
        {
            Title("Arguments");
            Rows([.. command.Arguments.Select(argument => (Label(argument), argument.Description ?? ""))]);
        }
        IReadOnlyList<(string Title, IReadOnlyList<Option> Options)> groups = command is Verb verb ? verb.Groups : [("Options", [.. command.Options])];
        int width = groups.SelectMany(group => group.Options).Select(option => Label(option).Length).DefaultIfEmpty().Max();
        foreach ((string title, IReadOnlyList<Option> options) in groups)
        {
            Title(title);
            Rows([.. options.Where(option => !option.Hidden).Select(option => (Label(option), option.Description ?? ""))], width);
        }
        if (command is Verb { Examples.Count: > 0 } withExamples)
        {
            Title("Examples");
            foreach ((string commandLine, string effect) in withExamples.Examples)
            {
                terminal.Out.WriteLine("  " + commandLine);
                Wrapped(effect, Indent + 4, Ink.Faint);
            }
        }
        if (command.Subcommands.Count > 0)
        {
            terminal.Out.WriteLine();
            Wrapped($"Run '{Path(command)} COMMAND --help' for the options of a command, with examples.", 0);
        }
        terminal.Out.Flush();
    }

    private static string Usage(Command command)
    {
        if (command is RootCommand) return "cria COMMAND [options]";
        bool needsModel = command.Options.Any(option => option.Required);
        string required = string.Concat(command.Options.Where(option => option.Required).Select(option => $" {option.Aliases.FirstOrDefault() ?? option.Name} {option.HelpName}"));
        string arguments = string.Concat(command.Arguments.Select(argument => " " + Label(argument)));
        string commands = command.Subcommands.Count > 0 ? " COMMAND" : "";
        return $"{Path(command)}{commands}{(needsModel ? required : "")} [options]{arguments}";
    }

    /// <summary>How a command is typed: <c>cria tokenizer train</c>.</summary>
    public static string Path(Command command) => command is RootCommand ? "cria" : $"{Path((Command)command.Parents.First())} {command.Name}";

    private static string Label(Argument argument)
    {
        string name = (argument.HelpName ?? argument.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues > 0 ? name : $"[{name}]";
    }

    private static string Label(Option option)
    {
        string shortest = option.Aliases.Append(option.Name).FirstOrDefault(name => name.Length == 2) ?? "";
        string longest = option.Aliases.Append(option.Name).FirstOrDefault(name => name.StartsWith("--", StringComparison.Ordinal)) ?? "";
        string names = shortest.Length == 0 ? "    " + longest : longest.Length == 0 ? shortest : $"{shortest}, {longest}";
        return string.IsNullOrEmpty(option.HelpName) || option is HelpOption ? names : $"{names} {option.HelpName}";
    }

    private void Title(string text)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.OnOutput(text, Ink.Strong));
    }

    private void Rows(IReadOnlyList<(string Label, string Text)> rows, int? labelWidth = null)
    {
        int width = labelWidth ?? rows.Max(row => row.Label.Length);
        foreach ((string label, string text) in rows)
        {
            terminal.Out.Write(new string(' ', Indent));
            terminal.Out.Write(label.PadRight(width + 2));
            bool first = true;
            foreach (string line in TextWrap.Lines(text, Math.Max(30, terminal.Width - width - Indent - 2)))
            {
                if (!first) terminal.Out.Write(new string(' ', width + Indent + 2));
                terminal.Out.WriteLine(line);
                first = false;
            }
        }
    }

    private void Wrapped(string text, int indent, Ink ink = Ink.Plain)
    {
        foreach (string line in TextWrap.Lines(text, terminal.Width - indent)) terminal.Out.WriteLine(new string(' ', indent) + terminal.OnOutput(line, ink));
    }
}
