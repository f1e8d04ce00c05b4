using System.CommandLine;
using System.Diagnostics;
using Cria.Generation;

namespace Cria.Cli.Options;

/// <summary>A file that keeps a prompt's keys and values from one run to the next.</summary>
internal sealed class PromptCache
{
    private readonly Option<string?> file = new("--prompt-cache")
    {
        HelpName = "FILE",
        Description = "Keep what computing the prompt gave in FILE: it is read where it is there, and written where it is not, or where it held less than half of the prompt.",
    };

    private readonly Option<bool> readOnly = new("--prompt-cache-ro") { Description = "With --prompt-cache: only read the file, which must be there." };

    /// <summary>The options, for a command's help page.</summary>
    public Option[] All => [file, readOnly];

    /// <summary>Reads the file, where one is named and there, and gives the time that took; null where nothing was read.</summary>
    public async Task<TimeSpan?> LoadAsync(ParseResult parsed, LanguageModel model, Terminal terminal)
    {
        if (parsed.GetValue(file) is not { } path)
        {
            if (parsed.GetValue(readOnly)) throw new UsageException("--prompt-cache-ro goes with --prompt-cache; name the file");
            return null;
        }
        if (!File.Exists(path) && !parsed.GetValue(readOnly)) return null;
        long started = Stopwatch.GetTimestamp();
        using var status = new StatusLine(terminal);
        status.Show($"reading {path}");
        await model.LoadPromptAsync(path).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Writes the file, where one is named and worth it, once the prompt is computed.</summary>
    public async Task SaveAsync(ParseResult parsed, LanguageModel model, int[] prompt, GenerationUsage usage, Terminal terminal, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(file) is not { } path || parsed.GetValue(readOnly)) return;
        // A file that served is left alone: other questions about the same text use it too.
        if (File.Exists(path) && usage.CachedTokens * 2L >= prompt.Length) return;
        using var status = new StatusLine(terminal);
        status.Show($"writing {path}");
        await model.SavePromptAsync(prompt, path, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
