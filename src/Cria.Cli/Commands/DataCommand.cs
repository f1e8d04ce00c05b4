using System.CommandLine;

namespace Cria.Cli.Commands;

/// <summary><c>cria data</c>: training data.</summary>
internal static class DataCommand
{
    /// <summary>The group.</summary>
    public static Command Create(Terminal terminal) => new Verb("data", "Make training data.") { DataPackCommand.Create(terminal) };
}
