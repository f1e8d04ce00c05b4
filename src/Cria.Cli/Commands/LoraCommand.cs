using System.CommandLine;

namespace Cria.Cli.Commands;

/// <summary><c>cria lora</c>: adapters.</summary>
internal static class LoraCommand
{
    /// <summary>The group.</summary>
    public static Command Create(Terminal terminal) => new Verb("lora", "Merge and convert LoRA adapters.") { LoraMergeCommand.Create(terminal), LoraConvertCommand.Create(terminal) };
}
