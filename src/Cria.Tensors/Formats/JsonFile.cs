using System.Text.Json;

namespace Cria.Tensors.Formats;

/// <summary>A JSON file beside the weights of a model, its values read with messages that name file and key.</summary>
internal sealed class JsonFile
{
    // The largest such file is an index of a few hundred kilobytes; anything near this is not a setting.
    private const int LargestBytes = 64 << 20;

    private readonly JsonElement root;

    private JsonFile(string path, JsonElement root)
    {
        Path = path;
        this.root = root;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>The object in the file.</summary>
    public JsonElement Root => root;

    /// <summary>Reads the file. Throws <see cref="CriaException"/> when it is missing or holds no JSON object.</summary>
    public static JsonFile Read(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestBytes }) throw new CriaException($"{path} is too large to be settings; fetch the model again");
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CriaException($"{path} is missing; the folder is not a complete model, fetch it again", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    /// <summary>Reads bytes as the content of <paramref name="path"/>.</summary>
    public static JsonFile Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object ? new JsonFile(path, document.RootElement.Clone())
                : throw new CriaException($"{path} does not hold a JSON object; fetch it again");
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{path} is not valid JSON ({ForeignText.Shown(failure.Message)}); fetch it again", failure);
        }
        catch (InvalidOperationException failure)
        {
            throw new CriaException($"{path} holds text that is not valid UTF-8; fetch it again", failure);
        }
    }

    /// <summary>The file when it is there.</summary>
    public static JsonFile? ReadIfThere(string path) => File.Exists(path) ? Read(path) : null;

    /// <summary>A value that is neither missing nor null.</summary>
    public JsonElement? Find(string key) => root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The file again, looking at an object inside it; null when it is missing.</summary>
    public JsonFile? Inside(string key) => Find(key) is { ValueKind: JsonValueKind.Object } value ? new JsonFile(Path, value) : null;

    /// <summary>A whole number, or <paramref name="fallback"/> when missing; without a fallback that is an error.</summary>
    public long Integer(string key, long? fallback = null) => Find(key) is not { } value ? fallback ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : throw Wrong(key, "a whole number");

    /// <summary>A number, or <paramref name="fallback"/> when missing.</summary>
    public double Number(string key, double? fallback = null) => Find(key) is not { } value ? fallback ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : throw Wrong(key, "a number");

    /// <summary>A truth value, or <paramref name="fallback"/> when missing.</summary>
    public bool Flag(string key, bool fallback) => Find(key) is not { } value ? fallback
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, "true or false");

    /// <summary>A string; null when missing.</summary>
    public string? Text(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw Wrong(key, "a string");
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException failure)
        {
            throw new CriaException($"{Path}: {key} holds text that is not valid Unicode; fetch the file again", failure);
        }
    }

    private CriaException Missing(string key) => new($"{Path}: {key} is missing; the file is not a Llama model's, fetch it again");

    private CriaException Wrong(string key, string wanted) => new($"{Path}: {key} should be {wanted}; fetch the file again");
}
