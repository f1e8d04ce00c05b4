using System.CommandLine;
using Cria.Tensors;

namespace Cria.Cli.Options;

/// <summary>The options that say which model to load and how; the same for every command that runs one.</summary>
internal sealed class ModelOptions
{
    /// <summary>The model file.</summary>
    public static Option<string?> ModelOption() => new("--model", "-m") { HelpName = "MODEL", Description = "The model file (GGUF). By default the small one that ships with cria." };

    /// <summary>Type of the cached keys and values.</summary>
    public static Option<TensorType?> KvTypeOption() =>
        Numbers.Choice("--kv-type", "Store cached keys and values as f16 (default) or f32.", ("f16", TensorType.F16), ("f32", TensorType.F32));
}
