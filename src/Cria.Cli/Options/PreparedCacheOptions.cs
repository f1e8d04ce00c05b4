using System.CommandLine;
using Cria.Packing;

namespace Cria.Cli.Options;

/// <summary>Whether weights are kept in the layout that this processor's kernels want; the same for every command that runs a model.</summary>
internal sealed class PreparedCacheOptions
{
    private readonly Option<bool> use = new("--cache") { Description = "Keep the weights, in the layout this processor wants, in the user's cache folder: the first start writes them, later ones answer at full speed from the first token." };
    private readonly Option<long?> size = Numbers.Bytes("--cache-size", [], "With --cache: most bytes in that folder, such as 100G (default 32G); what was not used for the longest time leaves first.");

    /// <summary>The options, for a command's help page.</summary>
    public Option[] All => [use, size];

    /// <summary>The cache; null when none is asked for. <paramref name="progress"/> hears how far the first start is.</summary>
    public PreparedCache? Read(ParseResult parsed, Terminal terminal, PreparingProgress progress)
    {
        if (!parsed.GetValue(use)) return parsed.GetValue(size) is null ? null : throw new UsageException("--cache-size goes with --cache");
        return new PreparedCache
        {
            LargestBytes = parsed.GetValue(size) ?? PreparedCache.DefaultBytes,
            Progress = progress,
            Warning = message => Failure.Print(terminal, message),
        };
    }
}
