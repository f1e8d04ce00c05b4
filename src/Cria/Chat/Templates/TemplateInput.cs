using System.Collections;
using System.Globalization;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Chat.Templates;

/// <summary>The variables of a rendering, made from .NET values and counted so that the budget can follow their size.</summary>
internal sealed class TemplateInput
{
    private readonly List<KeyValuePair<string, object?>> values = [];
    private int depth;

    /// <summary>The variables.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Values => values;

    /// <summary>Number of values in all variables together.</summary>
    public long ValueCount { get; private set; }

    /// <summary>Number of characters in all variables together.</summary>
    public long CharacterCount { get; private set; }

    /// <summary>Sets a variable of the model or the program; its texts may hold special tokens.</summary>
    public void SetTrusted(string name, object? value) => values.Add(new(name, Convert(value, isTrusted: true)));

    /// <summary>Sets a variable from outside; its texts can never become special tokens.</summary>
    public void Set(string name, object? value) => values.Add(new(name, Convert(value, isTrusted: false)));

    /// <summary>
    /// A template value from null, truth values, numbers, strings, <see cref="JsonElement"/>, dictionaries with string keys and sequences.
    /// </summary>
    public object? Convert(object? value, bool isTrusted)
    {
        ValueCount++;
        switch (value)
        {
            case null or bool or long or double or TracedText or TemplateMap or TemplateList: return value;
            case string text: return Text(text, isTrusted);
            case int or short or sbyte or byte or ushort or uint: return System.Convert.ToInt64(value, CultureInfo.InvariantCulture);
            case ulong number: return number <= long.MaxValue ? (long)number : (object)(double)number;
            case float or decimal: return System.Convert.ToDouble(value, CultureInfo.InvariantCulture);
            case JsonElement element: return Json(element, isTrusted);
            case JsonDocument document: return Json(document.RootElement, isTrusted);
        }

        if (++depth > RenderBudget.MaximumDepth) throw TooDeep();
        object? converted = value switch
        {
            IEnumerable<KeyValuePair<string, object?>> entries => Map(entries.Select(entry => new KeyValuePair<string, object?>(entry.Key, entry.Value)), isTrusted),
            IDictionary entries => Map(entries.Cast<DictionaryEntry>().Select(entry => new KeyValuePair<string, object?>(entry.Key.ToString() ?? "", entry.Value)), isTrusted),
            IEnumerable items => new TemplateList([.. items.Cast<object?>().Select(item => Convert(item, isTrusted))]),
            _ => throw new CriaException($"chat template: a variable of type {value.GetType().Name} cannot be given to a template; use text, numbers, lists, dictionaries or JSON"),
        };
        depth--;
        return converted;
    }

    private TracedText Text(string text, bool isTrusted)
    {
        CharacterCount += text.Length;
        return isTrusted ? TracedText.Trusted(text) : TracedText.Untrusted(text);
    }

    private TemplateMap Map(IEnumerable<KeyValuePair<string, object?>> entries, bool isTrusted)
    {
        var map = new TemplateMap();
        foreach ((string key, object? value) in entries) map.TrySet(Text(key, isTrusted), Convert(value, isTrusted));
        return map;
    }

    private object? Json(JsonElement element, bool isTrusted)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String: return Text(element.GetString()!, isTrusted);
            case JsonValueKind.Number: return element.TryGetInt64(out long number) ? number : (object)element.GetDouble();
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Null or JsonValueKind.Undefined: return null;
        }

        if (++depth > RenderBudget.MaximumDepth) throw TooDeep();
        object converted = element.ValueKind == JsonValueKind.Array
            ? new TemplateList([.. element.EnumerateArray().Select(item => Convert(item, isTrusted))])
            : Map(element.EnumerateObject().Select(property => new KeyValuePair<string, object?>(property.Name, property.Value)), isTrusted);
        depth--;
        return converted;
    }

    private static CriaException TooDeep() => new("chat template: the conversation's data nests too deeply; use at most 200 levels");
}
