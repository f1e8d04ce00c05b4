namespace Cria.Chat.Templates;

/// <summary>A mapping in insertion order. Keys are texts, numbers, truth values and none.</summary>
internal sealed class TemplateMap
{
    private static readonly object NoneKey = new();
    private static readonly object UndefinedKey = new();
    private readonly Dictionary<object, int> positions = [];
    private readonly List<KeyValuePair<object?, object?>> entries = [];

    /// <summary>The entries in the order of their first insertion.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => entries;

    /// <summary>Number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>Sets a value; false when the key is of a kind that cannot be one.</summary>
    public bool TrySet(object? key, object? value)
    {
        if (Normalize(key) is not { } normal) return false;
        if (positions.TryGetValue(normal, out int position))
        {
            entries[position] = new(entries[position].Key, value);
            return true;
        }

        positions.Add(normal, entries.Count);
        entries.Add(new(key, value));
        return true;
    }

    /// <summary>Sets the value of a text key that the template's side writes.</summary>
    public void Set(string key, object? value) => TrySet(TracedText.Trusted(key), value);

    /// <summary>Looks a key up.</summary>
    public bool TryGet(object? key, out object? value)
    {
        if (Normalize(key) is { } normal && positions.TryGetValue(normal, out int position))
        {
            value = entries[position].Value;
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>Looks a text key up.</summary>
    public bool TryGet(string key, out object? value)
    {
        bool found = positions.TryGetValue(key, out int position);
        value = found ? entries[position].Value : null;
        return found;
    }

    // 1, 1.0 and true are one key, as in Python.
    private static object? Normalize(object? key) => key switch
    {
        null => NoneKey,
        Undefined => UndefinedKey,
        TracedText text => text.Value,
        bool flag => flag ? 1L : 0L,
        long number => number,
        double number => number == Math.Floor(number) && Math.Abs(number) < 1e15 ? (long)number : (object)number,
        _ => null,
    };
}
