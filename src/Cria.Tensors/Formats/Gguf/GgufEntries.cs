namespace Cria.Tensors.Formats.Gguf;

/// <summary>The settings of any model as GGUF stores them.</summary>
public static class GgufEntries
{
    /// <summary>The settings of a GGUF file, or a source made from one, as they are stored; another container's with the types GGUF files have for such values.</summary>
    public static IReadOnlyList<GgufEntry> Of(ITensorSource source) => source is IGgufSettings gguf
        ? gguf.Entries
        : Of(source.Metadata.Values);

    /// <summary>Settings with the types GGUF files have for such values.</summary>
    /// <exception cref="ArgumentException">A value is of a kind that GGUF cannot hold.</exception>
    public static IReadOnlyList<GgufEntry> Of(IEnumerable<KeyValuePair<string, object>> settings) => [.. settings.Select(setting => From(setting.Key, setting.Value))];

    private static GgufEntry From(string key, object value) => value switch
    {
        bool => new GgufEntry(key, GgufValueType.Bool, value),
        string => new GgufEntry(key, GgufValueType.String, value),
        long and >= 0 and <= uint.MaxValue => new GgufEntry(key, GgufValueType.UInt32, (uint)(long)value),
        long => new GgufEntry(key, GgufValueType.Int64, value),
        ulong and <= uint.MaxValue => new GgufEntry(key, GgufValueType.UInt32, (uint)(ulong)value),
        ulong => new GgufEntry(key, GgufValueType.UInt64, value),
        double number => new GgufEntry(key, GgufValueType.Float32, (float)number),
        Array => new GgufEntry(key, GgufValueType.Array, value),
        _ => throw new ArgumentException($"setting {key} is a {value.GetType().Name}, which GGUF cannot hold", nameof(value)),
    };
}
