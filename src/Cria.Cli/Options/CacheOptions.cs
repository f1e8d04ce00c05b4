using System.CommandLine;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Cli.Options;

/// <summary>How cached keys and values are kept; the same for every command that makes a cache.</summary>
internal sealed class CacheOptions
{
    private readonly Option<TensorType?> both = Type("--kv-type", "Keep cached keys and values in 16 bits as i16 or f16 (by default the one this processor is faster with), as f32, in half the memory as i8 (with VNNI the fastest for long prompts) or q8_0, or in a quarter as q4_0.");
    private readonly Option<TensorType?> keys = Type("--cache-type-k", "The same for keys alone; short -ctk.", "-ctk");
    private readonly Option<TensorType?> values = Type("--cache-type-v", "The same for values alone; short -ctv.", "-ctv");

    /// <summary>The options, for a command's help page.</summary>
    public Option[] All => [both, keys, values];

    /// <summary>The types to use.</summary>
    public KvTypes Read(ParseResult parsed)
    {
        KvTypes fallback = parsed.GetValue(both) ?? KvTypes.Default;
        return new KvTypes(parsed.GetValue(keys) ?? fallback.Keys, parsed.GetValue(values) ?? fallback.Values);
    }

    private static Option<TensorType?> Type(string name, string description, params string[] aliases)
    {
        Option<TensorType?> option = Numbers.Choice(name, description, [.. KvTypes.Known.Select(type => (type.ToString().ToLowerInvariant(), type))]);
        foreach (string alias in aliases) option.Aliases.Add(alias);
        return option;
    }
}
