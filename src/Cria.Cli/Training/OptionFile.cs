using System.CommandLine;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Cli.Training;

/// <summary>A JSON file that holds options of a command by name, without the dashes. Comments and trailing commas are allowed.</summary>
internal sealed class OptionFile : IDisposable
{
    private readonly string path;
    private readonly JsonDocument document;

    /// <summary>Reads the file. Throws <see cref="CriaException"/> when it holds no JSON object.</summary>
    public OptionFile(string path)
    {
        this.path = path;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{path}: line {failure.LineNumber + 1} is not valid JSON; correct it", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new CriaException($"{path} does not hold a JSON object of options");
    }

    /// <summary>The whole object.</summary>
    public JsonElement Root => document.RootElement;

    /// <summary>
    /// The settings of an object as words of a command line. <paramref name="skip"/> says of an option whether it is given elsewhere; <paramref name="apart"/> names settings that are no options.
    /// </summary>
    /// <exception cref="CriaException">A setting is no option of the command, or its value not of the option's kind.</exception>
    public List<string> Words(JsonElement settings, Command command, Func<Option, bool> skip, params ReadOnlySpan<string> apart)
    {
        var words = new List<string>();
        foreach (JsonProperty setting in settings.EnumerateObject())
        {
            if (apart.Contains(setting.Name)) continue;
            Option option = command.Options.FirstOrDefault(option => option.Name == "--" + setting.Name && option.Name is not ("--config" or "--stages" or "--help"))
                ?? throw new CriaException($"{path}: there is no option '{setting.Name}'; see 'cria {command.Name} --help' for their names");
            if (skip(option)) continue;
            bool isFlag = option.ValueType == typeof(bool);
            if (isFlag && setting.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw new CriaException($"{path}: {setting.Name} is true or false, not {setting.Value.GetRawText()}");
            if (setting.Value.ValueKind is JsonValueKind.False or JsonValueKind.Null) continue;
            if (setting.Value.ValueKind == JsonValueKind.True && isFlag) words.Add(option.Name);
            else if (setting.Value.ValueKind == JsonValueKind.Array) words.AddRange(setting.Value.EnumerateArray().SelectMany(value => (string[])[option.Name, Text(setting.Name, value)]));
            else words.AddRange([option.Name, Text(setting.Name, setting.Value)]);
        }
        return words;
    }

    /// <summary>The typed command line with more words behind it.</summary>
    /// <exception cref="CriaException">The words do not parse.</exception>
    public ParseResult Parse(ParseResult typed, Command command, IEnumerable<string> words)
    {
        ParseResult merged = command.Parse([.. typed.Tokens.Where(token => token.Type != System.CommandLine.Parsing.TokenType.Command).Select(token => token.Value), .. words], typed.Configuration);
        return merged.Errors.Count == 0 ? merged : throw new CriaException($"{path}: {merged.Errors[0].Message.TrimEnd('.')}");
    }

    /// <inheritdoc/>
    public void Dispose() => document.Dispose();

    private string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new CriaException($"{path}: {name} is {value.GetRawText()}, which is neither text nor a number"),
    };
}
