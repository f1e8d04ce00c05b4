using System.CommandLine;

namespace Cria.Cli;

/// <summary>A command with what its help page shows beyond the options: titled groups of options, and examples.</summary>
internal sealed class Verb(string name, string summary) : Command(name, summary)
{
    private readonly List<(string Title, IReadOnlyList<Option> Options)> groups = [];
    private readonly List<(string CommandLine, string Effect)> examples = [];

    /// <summary>Longer text under the summary; empty for none.</summary>
    public string Details { get; init; } = "";

    /// <summary>Options by title, in the order of the help page.</summary>
    public IReadOnlyList<(string Title, IReadOnlyList<Option> Options)> Groups => groups;

    /// <summary>Command lines to try, each with what it does.</summary>
    public IReadOnlyList<(string CommandLine, string Effect)> Examples => examples;

    /// <summary>Adds options under a title.</summary>
    public void Add(string title, params IReadOnlyList<Option> options)
    {
        groups.Add((title, options));
        foreach (Option option in options) Options.Add(option);
    }

    /// <summary>Adds an example.</summary>
    public void Example(string commandLine, string effect) => examples.Add((commandLine, effect));
}
