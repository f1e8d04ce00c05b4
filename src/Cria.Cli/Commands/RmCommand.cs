using System.CommandLine;
using Cria.Hub;

namespace Cria.Cli.Commands;

/// <summary><c>cria rm</c>: deletes models that were pulled.</summary>
internal static class RmCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var names = new Argument<string[]>("name") { HelpName = "NAME...", Arity = ArgumentArity.OneOrMore, Description = "ORG/NAME for all that was pulled of it, ORG/NAME:QUANT for one model, with @COMMIT for one commit." };
        var verb = new Verb("rm", "Delete models that were pulled.")
        {
            Details = "Contents that another commit or model of the repository needs stay.",
        };
        verb.Arguments.Add(names);
        verb.Example("cria rm bartowski/Meta-Llama-3-8B-Instruct-GGUF:Q8_0", "One model.");
        verb.Example("cria rm bartowski/Meta-Llama-3-8B-Instruct-GGUF", "Everything of the repository, unfinished pulls too.");
        verb.SetAction(parsed =>
        {
            var cache = new HubCache(HubOptions.FromEnvironment().CacheFolder);
            foreach (HubName name in parsed.GetRequiredValue(names).Select(HubName.Parse).ToArray())
                terminal.Out.WriteLine($"{name}: {Quantity.Bytes(cache.Remove(name))} freed");
            return ExitCode.Success;
        });
        return verb;
    }
}
