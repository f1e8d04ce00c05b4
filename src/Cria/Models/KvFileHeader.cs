using System.Buffers;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Models;

/// <summary>What a file of keys and values says about itself.</summary>
/// <param name="Name">A name for people.</param>
/// <param name="Origin">What they were computed with.</param>
/// <param name="Layout">Shape and types.</param>
/// <param name="TokenCount">Tokens.</param>
public sealed record KvFileHeader(string Name, KvOrigin Origin, KvLayout Layout, int TokenCount)
{
    /// <summary>Pages the tokens fill.</summary>
    public int PageCount => (TokenCount + KvLayout.PageSize - 1) / KvLayout.PageSize;

    /// <summary>Bytes of tokens and pages.</summary>
    internal long ContentBytes => checked((long)TokenCount * sizeof(int) + PageCount * Layout.PageBytes);

    /// <summary>Throws <see cref="CriaException"/> unless the file is for a cache of <paramref name="layout"/> and things computed with <paramref name="origin"/>.</summary>
    internal void Check(string path, KvOrigin origin, KvLayout layout)
    {
        if (Origin.Model != origin.Model || (Layout.LayerCount, Layout.HeadCount, Layout.HeadSize) != (layout.LayerCount, layout.HeadCount, layout.HeadSize)) throw Other("another model, or other adapters", "that model");
        if (Origin.Rotary != origin.Rotary) throw Other("another rotary base or scaling", "those settings");
        if (Origin.Template != origin.Template) throw Other("another chat template", "that template");
        if (Layout.Types != layout.Types) throw new CriaException($"{path}: its keys and values are kept as {Layout.Types}, this cache's as {layout.Types}; load with -ctk {Word(Layout.Types.Keys)} -ctv {Word(Layout.Types.Values)}, or save it anew");

        CriaException Other(string what, string with) => new($"{path}: this prompt was computed with {what}; load it with {with}, or save it anew");
        static string Word(TensorType type) => type.ToString().ToLowerInvariant();
    }

    internal byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", Name);
            json.WriteString("model", Origin.Model);
            json.WriteString("template", Origin.Template);
            json.WriteString("rotary", Origin.Rotary);
            json.WriteString("keys", Layout.Types.Keys.ToString());
            json.WriteString("values", Layout.Types.Values.ToString());
            json.WriteNumber("layers", Layout.LayerCount);
            json.WriteNumber("heads", Layout.HeadCount);
            json.WriteNumber("headSize", Layout.HeadSize);
            json.WriteNumber("pageSize", KvLayout.PageSize);
            json.WriteNumber("tokens", TokenCount);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a header; null where it is none.</summary>
    internal static KvFileHeader? FromJson(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            var types = new KvTypes(Type("keys"), Type("values"));
            int layers = Number("layers", 1 << 16), heads = Number("heads", 1 << 16), size = Number("headSize", 512);
            if (Number("pageSize", 1 << 16) != KvLayout.PageSize) return null;
            types.Check(size);
            var header = new KvFileHeader(Text("name"), new KvOrigin(Text("model"), Text("template"), Text("rotary")), new KvLayout(layers, heads, size, types), Number("tokens", Array.MaxLength / 2));
            return header.ContentBytes > 0 ? header : null;

            string Text(string name) => root.GetProperty(name).GetString() ?? throw new FormatException();
            TensorType Type(string name) => Enum.TryParse(Text(name), out TensorType type) && KvTypes.Known.Contains(type) ? type : throw new FormatException();
            int Number(string name, int most) => root.GetProperty(name).GetInt32() is int number && number >= 1 && number <= most ? number : throw new FormatException();
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or CriaException)
        {
            return null;
        }
    }
}

/// <summary>What keys and values depend on, as hashes in hexadecimal.</summary>
/// <param name="Model">Of the weights and adapters.</param>
/// <param name="Template">Of the chat template that made the prompt.</param>
/// <param name="Rotary">Of the rotary base and scaling.</param>
public sealed record KvOrigin(string Model, string Template, string Rotary);
