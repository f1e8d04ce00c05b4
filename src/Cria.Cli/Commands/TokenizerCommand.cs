using System.CommandLine;

namespace Cria.Cli.Commands;

/// <summary><c>cria tokenizer</c>: vocabularies.</summary>
internal static class TokenizerCommand
{
    /// <summary>The group.</summary>
    public static Command Create(Terminal terminal) => new Verb("tokenizer", "Make vocabularies.") { TokenizerTrainCommand.Create(terminal) };
}
