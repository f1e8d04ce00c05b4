using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Cli.Training;

/// <summary>One stage: a run of its own, whose model is where the next one begins.</summary>
/// <param name="Number">Which, from 1.</param>
/// <param name="Name">What its folder is called: <c>NUMBER-NAME</c>.</param>
/// <param name="Options">What is typed, then what the stage says, then what the file says for all.</param>
internal sealed record TrainStage(int Number, string Name, ParseResult Options);

/// <summary>
/// The stages of a progressive training. Any option of <c>cria train</c> may stand outside for all stages, or in a stage for that one:
/// <code>
/// {"model": "llama.gguf", "data": ["long.jsonl"], "output": "run", "learning-rate": 2e-5, "schedule": "constant",
///  "stages": [{"context": 65536, "theta": 15296098, "steps": 30, "batch": 1, "accumulate": 32}, …]}
/// </code>
/// </summary>
internal static class StageFile
{
    /// <summary>Reads the stages.</summary>
    /// <exception cref="CriaException">The file is no such object, or a stage has an unknown option or no number of steps.</exception>
    public static List<TrainStage> Read(string path, ParseResult typed, Command command, TrainFlags flags)
    {
        using var file = new OptionFile(path);
        if (!file.Root.TryGetProperty("stages", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw new CriaException($"{path}: 'stages' is not a list of objects; write \"stages\": [{{\"context\": 65536, \"steps\": 30}}, …]");
        var stages = new List<TrainStage>();
        foreach (JsonElement settings in list.EnumerateArray())
        {
            int number = stages.Count + 1;
            if (settings.ValueKind != JsonValueKind.Object) throw new CriaException($"{path}: stage {number} is {settings.GetRawText()} instead of an object");
            foreach (string name in (string[])["model", "output", "resume"])
                if (settings.TryGetProperty(name, out _)) throw new CriaException($"{path}: stage {number} has '{name}', which belongs outside the stages: each begins with the model of the one before");
            bool Typed(Option option) => typed.GetResult(option) is { Implicit: false };
            List<string> own = file.Words(settings, command, Typed, "name");
            List<string> common = file.Words(file.Root, command, option => Typed(option) || own.Contains(option.Name), "stages");
            ParseResult options = file.Parse(typed, command, [.. own, .. common]);
            if (flags.Steps(options) is null) throw new CriaException($"{path}: stage {number} has no number of steps; write \"steps\" into it");
            stages.Add(new TrainStage(number, Name(path, number, settings, flags.Context(options)), options));
        }
        return stages;
    }

    private static string Name(string path, int number, JsonElement settings, long? context)
    {
        if (!settings.TryGetProperty("name", out JsonElement given)) return context is { } tokens ? tokens.ToString(CultureInfo.InvariantCulture) : "stage";
        string? name = given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        bool isPlain = name is { Length: > 0 and < 100 } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return isPlain ? name! : throw new CriaException($"{path}: the name of stage {number} is {given.GetRawText()}; write letters, digits, - and _, for it is a part of a folder's name");
    }
}
