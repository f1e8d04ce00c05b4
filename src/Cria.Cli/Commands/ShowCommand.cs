using System.CommandLine;
using Cria.Hub;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria show</c>: what a repository of the hub holds.</summary>
internal static class ShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("name") { HelpName = "NAME", Description = "ORG/NAME, with @REVISION for another than main." };
        var files = new Option<bool>("--files") { Description = "List every file." };
        var offline = new Option<bool>("--offline") { Description = "Show what is on this computer." };
        var verb = new Verb("show", "Show what a repository of the hub holds, and what of it is here.")
        {
            Details = "For what is inside a model, see 'cria inspect'.",
        };
        verb.Arguments.Add(name);
        verb.Add("Options", files, offline);
        verb.Example("cria show bartowski/Meta-Llama-3-8B-Instruct-GGUF", "Its models with their sizes.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            HubName wanted = HubName.Parse(parsed.GetRequiredValue(name)) with { Variant = null };
            HubOptions options = HubOptions.FromEnvironment();
            using var hub = new ModelHub(options);
            HubRepository repository = options.Offline || parsed.GetValue(offline) ? hub.Here(wanted) : await hub.LookAsync(wanted, cancellationToken).ConfigureAwait(false);
            Write(repository, hub.Here(wanted, repository), ModelHub.Default(repository), parsed.GetValue(files), terminal);
            return ExitCode.Success;
        });
        return verb;
    }

    private static void Write(HubRepository repository, HashSet<string> here, ModelVariant? preferred, bool withFiles, Terminal terminal)
    {
        string details = string.Join(", ", new[] { $"commit {repository.Commit}", repository.License is null ? null : $"licence {repository.License}", repository.IsGated ? "gated" : null }.OfType<string>());
        terminal.Out.WriteLine(terminal.OnOutput(repository.Name, Ink.Strong));
        terminal.Out.WriteLine(details);
        terminal.Out.WriteLine();
        string[][] rows = withFiles
            ? [.. repository.Files.OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => (string[])[ForeignText.Shown(file.Path), Quantity.Bytes(file.Bytes), here.Contains(file.Path) ? "here" : ""])]
            : [.. repository.Models.Select(model => (string[])[ForeignText.Shown(model.Label), Quantity.Bytes(model.Bytes), string.Join(", ", new[]
                {
                    model.Files.All(file => here.Contains(file.Path)) ? "here" : null, model.MissingParts > 0 ? $"{model.MissingParts} parts missing" : null, model.Label == preferred?.Label ? "default" : null,
                }.OfType<string>())])];
        if (rows.Length == 0) terminal.Out.WriteLine("no model in a form that cria reads; --files lists what there is");
        else TextTable.Write(terminal, [withFiles ? "FILE" : "MODEL", "SIZE", ""], rows, rightAligned: 1);
    }
}
