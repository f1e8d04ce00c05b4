using System.CommandLine;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Hub;

namespace Cria.Cli.Commands;

/// <summary><c>cria pull</c>: a model from the hub.</summary>
internal static class PullCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("name") { HelpName = "NAME", Description = "ORG/NAME, with :QUANT where a repository holds several models (:Q4_K_M, a file's name, :original for Meta's own files)." };
        var include = new Option<string[]>("--include") { HelpName = "GLOB", Description = "Fetch the files that match instead; * stands for anything. May be given several times." };
        var revision = new Option<string?>("--revision") { HelpName = "REV", Description = "A branch, tag or commit; by default main." };
        var offline = new Option<bool>("--offline") { Description = "Use only what is on this computer." };
        Option<long?> connections = Numbers.Integer("--connections", [], "N", "Transfers at a time; by default 8.", 1, 64);
        var verb = new Verb("pull", "Fetch a model from the hub by its name.")
        {
            Details = "Where nothing else is asked, Q4_K_M is taken, or what comes closest. Models lie in the cache of Hugging Face's own tools, which share them. "
                + "A pull that was broken off, in whatever way, goes on where it was; every file is checked before it gets its name. "
                + "HF_TOKEN opens gated models, HF_HOME moves the cache, HF_ENDPOINT names another hub.",
        };
        verb.Arguments.Add(name);
        verb.Add("Options", include, revision, offline, connections);
        verb.Example("cria pull bartowski/Meta-Llama-3-8B-Instruct-GGUF", "Prints the path, which -m takes as well as the name.");
        verb.Example("cria pull bartowski/Meta-Llama-3-8B-Instruct-GGUF:Q8_0", "Another of the repository's models.");
        verb.Example("cria pull meta-llama/Meta-Llama-3-8B-Instruct --include '*.json'", "Some files only.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            HubName wanted = HubName.Parse(parsed.GetRequiredValue(name));
            string[] patterns = parsed.GetValue(include) ?? [];
            if (parsed.GetValue(revision) is { } named)
            {
                if (!HubName.IsRevision(named)) throw new UsageException($"--revision wants a branch, tag or commit, not '{named}'");
                if (wanted.Revision is { } other && other != named) throw new UsageException($"{wanted} and --revision {named} name two revisions; leave out one");
                wanted = wanted with { Revision = named };
            }
            if (patterns.Length > 0 && wanted.Variant is not null) throw new UsageException($"'{wanted.Variant}' and --include both choose files; leave out one");
            HubOptions options = HubOptions.FromEnvironment();
            options = options with { Offline = options.Offline || parsed.GetValue(offline), Connections = (int)(parsed.GetValue(connections) ?? options.Connections) };
            using var hub = new ModelHub(options);
            string? path = options.Offline && patterns.Length == 0 ? hub.Cache.Find(wanted) : null;
            path ??= await PullDisplay.PullAsync(hub, await hub.PlanAsync(wanted, patterns, cancellationToken).ConfigureAwait(false), terminal, cancellationToken).ConfigureAwait(false);
            terminal.Out.WriteLine(path);
            return ExitCode.Success;
        });
        return verb;
    }
}
