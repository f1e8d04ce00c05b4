using System.Globalization;

namespace Cria.Tensors.Formats;

/// <summary>
/// The settings a model file carries, by GGUF key. Values are <see cref="bool"/>, <see cref="long"/>, <see cref="ulong"/>, <see cref="double"/>, <see cref="string"/>,
/// or arrays of the stored element type (<c>string[]</c>, <c>float[]</c>, <c>int[]</c>, …).
/// Typed readers throw <see cref="CriaException"/> with the file, the key and what was found.
/// </summary>
public sealed class ModelMetadata
{
    private readonly string path;
    private readonly Dictionary<string, object> values;

    /// <summary>Wraps the settings of the file at <paramref name="path"/>.</summary>
    public ModelMetadata(string path, IEnumerable<KeyValuePair<string, object>> values)
    {
        this.path = path;
        this.values = new Dictionary<string, object>(values, StringComparer.Ordinal);
    }

    /// <summary>The file the settings come from, for messages.</summary>
    public string Path => path;

    /// <summary>Every key with its value, in stored order.</summary>
    public IReadOnlyDictionary<string, object> Values => values;

    /// <summary>True when the key is present.</summary>
    public bool Contains(string key) => values.ContainsKey(key);

    /// <summary>An integer, or <paramref name="fallback"/> when absent; without a fallback, absence is an error.</summary>
    public long Integer(string key, long? fallback = null) => Find(key, fallback) switch
    {
        long number => number,
        ulong number when number <= long.MaxValue => (long)number,
        object other => throw Wrong(key, "an integer", other),
    };

    /// <summary>A number, or <paramref name="fallback"/> when absent.</summary>
    public double Number(string key, double? fallback = null) => Find(key, fallback) switch
    {
        double number => number,
        long number => number,
        ulong number => number,
        object other => throw Wrong(key, "a number", other),
    };

    /// <summary>A truth value, or <paramref name="fallback"/> when absent.</summary>
    public bool Flag(string key, bool? fallback = null) => Find(key, fallback) is bool flag ? flag : throw Wrong(key, "true or false", values[key]);

    /// <summary>A string, or <paramref name="fallback"/> when absent.</summary>
    public string Text(string key, string? fallback = null) => Find(key, fallback) is string text ? text : throw Wrong(key, "a string", values[key]);

    /// <summary>An array of the given element type; null when absent.</summary>
    public T[]? Array<T>(string key) => !values.TryGetValue(key, out object? value) ? null : value as T[] ?? throw Wrong(key, $"an array of {typeof(T).Name}", value);

    private object Find(string key, object? fallback) => values.TryGetValue(key, out object? value) ? value
        : fallback ?? throw new CriaException($"{path}: setting {key} is missing; the file is not a complete Llama model, convert it again");

    private CriaException Wrong(string key, string wanted, object found) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: setting {key} should be {wanted} but is {found.GetType().Name}; convert the model again"));
}
