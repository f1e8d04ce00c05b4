using System.CommandLine;
using System.Globalization;
using Cria.Hub;

namespace Cria.Cli.Commands;

/// <summary><c>cria list</c>: the models that were pulled.</summary>
internal static class ListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON array." };
        var verb = new Verb("list", "Show the models that were pulled.")
        {
            Details = "Models that other tools fetched into the same cache (HF_HOME, HF_HUB_CACHE) are among them. -m takes every name shown.",
        };
        verb.Add("Options", json);
        verb.Example("cria list", "Names, sizes, commits, days.");
        verb.Example("cria list --json | jq -r '.[].name'", "For programs.");
        verb.SetAction(parsed =>
        {
            var cache = new HubCache(HubOptions.FromEnvironment().CacheFolder);
            IReadOnlyList<CachedModel> models = cache.Models();
            (string Name, long Bytes)[] unfinished = [.. cache.Repositories().Select(name => (name, cache.UnfinishedBytes(name))).Where(row => row.Item2 > 0)];
            if (parsed.GetValue(json)) WriteJson(models, terminal);
            else WriteTable(models, unfinished, cache.Folder, terminal);
            return ExitCode.Success;
        });
        return verb;
    }

    private static void WriteTable(IReadOnlyList<CachedModel> models, (string Name, long Bytes)[] unfinished, string folder, Terminal terminal)
    {
        if (models.Count + unfinished.Length == 0)
        {
            terminal.Error.WriteLine($"no models in {folder}; fetch one with 'cria pull ORG/NAME'");
            return;
        }
        string[][] rows =
        [
            .. models.Select(model => (string[])[model.Name.ToString(), Quantity.Bytes(model.Bytes), model.Commit[..Math.Min(7, model.Commit.Length)],
                model.PulledAt.ToLocalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), model.MissingParts > 0 ? $"{model.MissingParts} parts missing" : ""]),
            .. unfinished.Select(row => (string[])[row.Name, Quantity.Bytes(row.Bytes), "", "", "unfinished"]),
        ];
        TextTable.Write(terminal, ["MODEL", "SIZE", "COMMIT", "PULLED", ""], rows, rightAligned: 1);
    }

    private static void WriteJson(IReadOnlyList<CachedModel> models, Terminal terminal) => JsonLine.Write(terminal.Out, indented: true, json =>
    {
        json.WriteStartArray();
        foreach (CachedModel model in models)
        {
            json.WriteStartObject();
            json.WriteString("name", model.Name.ToString());
            json.WriteString("form", model.Form.ToString().ToLowerInvariant());
            json.WriteNumber("bytes", model.Bytes);
            json.WriteString("commit", model.Commit);
            json.WriteStartArray("refs");
            foreach (string name in model.Refs) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteString("pulledAt", model.PulledAt);
            json.WriteNumber("missingParts", model.MissingParts);
            json.WriteString("path", model.Path);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
