using System.Buffers.Binary;
using System.Text.Json;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.Safetensors;

/// <summary>
/// One safetensors file, mapped.
/// <code>
/// header length, 64-bit little-endian
/// header, JSON: {"name": {"dtype": "BF16", "shape": [rows, columns], "data_offsets": [begin, end]}, …, "__metadata__": {…}}
/// data; offsets count from its start
/// </code>
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    // The format's own limit.
    private const long LongestHeader = 100_000_000;
    private const int MaximumSizes = 8;

    private readonly MappedFile file;

    private SafetensorsFile(MappedFile file)
    {
        this.file = file;
        try
        {
            Entries = ReadHeader();
        }
        catch (InvalidOperationException failure)
        {
            file.Dispose();
            throw new CriaException($"{file.Path}: the header holds text that is not valid Unicode; the file is damaged, fetch it again", failure);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The bytes.</summary>
    public MappedFile Mapped => file;

    /// <summary>The file, for messages.</summary>
    public string Path => file.Path;

    /// <summary>Its tensors, in the order of their places.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Opens a file. Throws <see cref="CriaException"/> when it is not in this format or is damaged.</summary>
    public static SafetensorsFile Open(string path) => new(MappedFile.Open(path));

    /// <summary>Reads a file's bytes, named <paramref name="path"/> in messages.</summary>
    public static SafetensorsFile FromBytes(string path, byte[] bytes) => new(MappedFile.FromBytes(path, bytes));

    /// <summary>The first byte of a tensor; valid until the file is disposed.</summary>
    public byte* Data(SafetensorsEntry entry) => file.Data + entry.Start;

    /// <summary>The bytes of a small tensor.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsEntry entry) => Bytes(entry, 0, checked((int)entry.ByteCount));

    /// <summary>Some bytes of a tensor.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsEntry entry, long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, entry.ByteCount - count);
        return new ReadOnlySpan<byte>(Data(entry) + first, count);
    }

    /// <summary>A tensor's values as floats, row after row.</summary>
    /// <exception cref="CriaException">It is not stored as F32, F16 or BF16, or too large for an array.</exception>
    public float[] ReadFloats(SafetensorsEntry entry)
    {
        BlockFormat format = BlockFormat.Of(entry.Type switch
        {
            "F32" => TensorType.F32,
            "F16" => TensorType.F16,
            "BF16" => TensorType.BF16,
            _ => throw Broken(entry.Name, $"is stored as {entry.Type} where only F32, F16 and BF16 make sense"),
        });
        if (entry.ByteCount > Array.MaxLength) throw Broken(entry.Name, "is too large");
        var values = new float[entry.ByteCount / SafetensorsEntry.ElementBytes(entry.Type)];
        format.Decode(new ReadOnlySpan<byte>(Data(entry), (int)entry.ByteCount), values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private List<SafetensorsEntry> ReadHeader()
    {
        if (file.Length < 8) throw NotSafetensors("it is too short");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8));
        if (length > LongestHeader || length > (ulong)(file.Length - 8))
            throw NotSafetensors($"its header would have {length} bytes");
        JsonFile header = JsonFile.Parse(file.Path, file.Span(8, (int)length).ToArray());
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in header.Root.EnumerateObject())
        {
            string name = property.Name;
            if (!names.Add(name)) throw Broken(name, "appears twice");
            if (name != "__metadata__") entries.Add(ReadEntry(name, property.Value, 8 + (long)length));
        }
        entries.Sort((x, y) => x.Start.CompareTo(y.Start));
        for (int i = 1; i < entries.Count; i++)
            if (entries[i].Start < entries[i - 1].Start + entries[i - 1].ByteCount) throw Broken(entries[i].Name, $"overlaps {ForeignText.Shown(entries[i - 1].Name)}");
        return entries;
    }

    private SafetensorsEntry ReadEntry(string name, JsonElement value, long dataStart)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out JsonElement shape) || !value.TryGetProperty("data_offsets", out JsonElement offsets))
            throw Broken(name, "lacks dtype, shape or data_offsets");
        long[] sizes = Integers(name, shape, "shape");
        long[] place = Integers(name, offsets, "data_offsets");
        int elementBytes = SafetensorsEntry.ElementBytes(type.GetString()!);
        if (elementBytes == 0) throw Broken(name, $"has the type {ForeignText.Shown(type.GetString()!)}, which Cria does not know");
        if (place.Length != 2 || place[0] > place[1] || place[1] > file.Length - dataStart)
            throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(name)} reaches beyond the end of the file; it is cut short, fetch it again");
        long bytes = elementBytes;
        foreach (long size in sizes)
        {
            if (size != 0 && bytes > file.Length / size) throw Broken(name, $"[{string.Join(", ", sizes)}] is larger than the file");
            bytes *= size;
        }
        if (bytes != place[1] - place[0]) throw Broken(name, $"[{string.Join(", ", sizes)}] of {type.GetString()} takes {bytes} bytes but has {place[1] - place[0]}");
        return new SafetensorsEntry(name, type.GetString()!, sizes, dataStart + place[0], bytes);
    }

    private long[] Integers(string name, JsonElement array, string what)
    {
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() > MaximumSizes) throw Broken(name, $"has a {what} that is not a short list");
        var numbers = new long[array.GetArrayLength()];
        for (int i = 0; i < numbers.Length; i++)
            if (array[i].ValueKind != JsonValueKind.Number || !array[i].TryGetInt64(out numbers[i]) || numbers[i] < 0) throw Broken(name, $"has a {what} that is not made of counts");
        return numbers;
    }

    private CriaException Broken(string name, string what) => new($"{file.Path}: tensor {ForeignText.Shown(name)} {what}; the file is damaged, fetch it again");

    private CriaException NotSafetensors(string why) => new($"{file.Path} is not a safetensors file: {why}; fetch it again");
}
