using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Cria.Cli.Packed;

namespace Cria.Cli;

/// <summary>Parses a command line, runs the command it names, and turns every outcome into an exit code.</summary>
internal sealed class Invoker
{
    private readonly RootCommand root;
    private readonly Terminal terminal;
    private readonly Interruption interruption;
    private readonly Help help;

    /// <summary>Prepares the commands under <paramref name="root"/>: each gets <c>--help</c>, the root <c>--version</c>.</summary>
    public Invoker(RootCommand root, Terminal terminal, Interruption interruption)
    {
        this.root = root;
        this.terminal = terminal;
        this.interruption = interruption;
        help = new Help(terminal);
        // "--raw true" answers the prompt "true": a flag takes no value.
        foreach (Option flag in Verbs(root).SelectMany(verb => verb.Options).Where(option => option.ValueType == typeof(bool))) flag.Arity = ArgumentArity.Zero;
        root.Options.Clear();
        root.Options.Add(new HelpOption("--help", "-h") { Description = "Show this page.", Action = help, Recursive = true });
        root.Options.Add(new VersionOption("--version") { Description = "Show the version.", Action = new VersionPage(terminal) });
    }

    /// <summary>Runs the command line and returns the exit code.</summary>
    public async Task<int> InvokeAsync(string[] args)
    {
        Func<IReadOnlyList<string>, ParseResult> parse = ParserOf(root);
        ParseResult? parsed = null;
        try
        {
            args = new FileArguments(root, parse, OwnFile.Current).Complete(args);
            if (args.Length == 0)
            {
                help.Write(root);
                return ExitCode.Usage;
            }
            if (args[0] == "help") args = [.. args[1..], "--help"];
            parsed = parse(args);
            if (parsed.Action is not (Help or VersionPage) && MistypedOption(parsed) is { } typed) return UsageError(parsed.CommandResult.Command, NoOption(parsed.CommandResult.Command, typed));
            if (parsed.Errors.Count > 0 && parsed.Action is not (Help or VersionPage)) return UsageError(parsed);
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = terminal.Out, Error = terminal.Error };
            int exitCode = await parsed.InvokeAsync(configuration, interruption.Token).ConfigureAwait(false);
            await terminal.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            return exitCode;
        }
        catch (UsageException failure)
        {
            return UsageError(parsed?.CommandResult.Command ?? root, failure.Message);
        }
        catch (Exception failure)
        {
            terminal.Dispose();
            return Failure.Report(failure, terminal, interruption.Token);
        }
    }

    /// <summary>How command lines are read: a prompt may begin with @ and is no name of a file with arguments.</summary>
    public static Func<IReadOnlyList<string>, ParseResult> ParserOf(RootCommand root) => args => root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });

    /// <summary>All commands below one, those of groups included.</summary>
    private static IEnumerable<Command> Verbs(Command command) => command.Subcommands.SelectMany(verb => Verbs(verb).Prepend(verb));

    /// <summary>What looks like an option and would be taken for a prompt or a file; null for none. A single word behind <c>--</c>, or one with spaces, is text.</summary>
    private static string? MistypedOption(ParseResult parsed)
    {
        string[] typed = [.. parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value)];
        return parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .FirstOrDefault(word => word.Length > 2 && word.StartsWith("--", StringComparison.Ordinal) && char.IsAsciiLetter(word[2]) && !word.Any(char.IsWhiteSpace) && typed.Contains(word));
    }

    private static string NoOption(Command command, string typed)
    {
        string[] names = [.. command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal))];
        string? meant = names.Where(name => EditDistance.Between(typed, name) <= 2).MinBy(name => EditDistance.Between(typed, name))
            ?? names.Where(name => typed.StartsWith(name, StringComparison.Ordinal)).MaxBy(name => name.Length);
        return $"'{command.Name}' has no option '{typed}'" + (meant is null ? "" : $"; did you mean '{meant}'?");
    }

    private int UsageError(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        ParseError error = parsed.Errors[0];
        string message = error.Message.TrimEnd('.');
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            help.Write(command);
            return ExitCode.Usage;
        }
        if (command.Subcommands.Count > 0)
        {
            string typed = parsed.UnmatchedTokens[0];
            Command? meant = command.Subcommands.MinBy(verb => EditDistance.Between(typed, verb.Name));
            message = $"there is no command '{Help.Path(command)["cria".Length..].TrimStart()}{(command is RootCommand ? "" : " ")}{typed}'" + (meant is not null && EditDistance.Between(typed, meant.Name) <= 2 ? $"; did you mean '{meant.Name}'?" : "");
        }
        else if (parsed.UnmatchedTokens.Count > 0 && message.Contains(parsed.UnmatchedTokens[0], StringComparison.Ordinal))
        {
            string typed = parsed.UnmatchedTokens[0];
            message = typed.StartsWith('-') && typed.Length > 1 ? NoOption(command, typed) : $"'{typed}' is one argument too many; put text with spaces in quotes";
        }
        else if (command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 }) is { } missing)
        {
            message = $"{missing.HelpName ?? missing.Name} is missing";
        }
        return UsageError(command, message);
    }

    private int UsageError(Command command, string message)
    {
        Failure.Print(terminal, message);
        terminal.Error.WriteLine($"See '{Help.Path(command)} --help'.");
        return ExitCode.Usage;
    }
}
