using System.Globalization;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Corpora;

/// <summary>Reads a JSON file: an object on each line, or one array of objects.</summary>
internal static class JsonDocuments
{
    /// <summary>The documents; none where the file is empty.</summary>
    /// <exception cref="CriaException">The file cannot be read, or a line or entry is not a document; the message names it.</exception>
    public static IEnumerable<Document> Read(CorpusStream stream)
    {
        ReadOnlySpan<byte> begin = stream.Unread.TrimStart(" \t\r\n"u8);
        return !begin.IsEmpty && begin[0] == '[' ? Array(stream) : Lines(stream);
    }

    private static IEnumerable<Document> Lines(CorpusStream stream)
    {
        for (long line = 1; ; line++)
        {
            int length, searched = 0;
            bool more = true;
            while ((length = stream.Unread[searched..].IndexOf((byte)'\n')) < 0 && more)
            {
                searched = stream.Unread.Length;
                more = stream.Fill();
            }
            if (length >= 0) length += searched;
            int next = length < 0 ? stream.Unread.Length : length + 1;
            if (next == 0) yield break;
            string place = string.Create(CultureInfo.InvariantCulture, $"{stream.Path}:{line}");
            ReadOnlyMemory<byte> bytes = stream.UnreadMemory[..(length < 0 ? next : length)];
            Document? document = bytes.Span.Trim(" \t\r"u8).IsEmpty ? null : Parse(place, bytes);
            stream.Skip(next);
            if (document is not null) yield return document;
        }
    }

    private static IEnumerable<Document> Array(CorpusStream stream)
    {
        while (stream.Fill()) { }
        using JsonDocument json = Whole(stream);
        int count = 0;
        foreach (JsonElement entry in json.RootElement.EnumerateArray())
            yield return DocumentJson.Read(string.Create(CultureInfo.InvariantCulture, $"{stream.Path}, entry {++count}"), entry);
        stream.Skip(stream.Unread.Length);
    }

    private static JsonDocument Whole(CorpusStream stream)
    {
        try
        {
            return JsonDocument.Parse(stream.UnreadMemory);
        }
        catch (JsonException failure)
        {
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{stream.Path}:{failure.LineNumber + 1}: not JSON ({Reason(failure)}); correct the file, or put one object on each line"), failure);
        }
    }

    private static Document Parse(string place, ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return DocumentJson.Read(place, json.RootElement);
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{place}: not JSON ({Reason(failure)}); put one whole object on each line", failure);
        }
    }

    /// <summary>The parser's reason without the place it adds, which counts from zero.</summary>
    private static string Reason(JsonException failure)
    {
        string text = failure.Message.ReplaceLineEndings(" ");
        int place = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (place < 0 ? text : text[..place]).TrimEnd('.');
    }
}
