using System.CommandLine;

namespace Cria.Cli.Commands;

/// <summary><c>cria eval</c>: how good a model is.</summary>
internal static class EvalCommand
{
    /// <summary>The group.</summary>
    public static Command Create(Terminal terminal) => new Verb("eval", "Measure how good a model is.") { EvalExactCommand.Create(terminal), EvalPositionsCommand.Create(terminal), EvalNiahCommand.Create(terminal), EvalRulerCommand.Create(terminal) };
}
