using System.Globalization;
using System.Numerics;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>
/// The header of one GGUF file, checked against the file's size.
/// <code>
/// "GGUF", version, tensor count, setting count
/// settings:  key, value type, value
/// tensors:   name, number of sizes, sizes (innermost first), type, offset from the start of the data
/// padding to the alignment (setting general.alignment, else 32), then the data
/// </code>
/// </summary>
internal sealed class GgufFile
{
    private const uint Magic = 0x46554747;
    private const int DefaultAlignment = 32;
    private const int MaximumSizes = 4;

    private readonly MappedFile file;
    private readonly long start;
    private readonly long end;
    private readonly Dictionary<string, long> offsets = new(StringComparer.Ordinal);
    private readonly HashSet<string> interleaved = new(StringComparer.Ordinal);

    /// <summary>Reads and checks the header of the GGUF data at <paramref name="start"/>, <paramref name="length"/> bytes long.</summary>
    public GgufFile(MappedFile file, long start, long length)
    {
        this.file = file;
        this.start = start;
        end = start + length;
        var cursor = new GgufCursor(file, start, end);
        Version = ReadVersion(cursor);
        // The least a tensor takes: name length, number of sizes, one size, type, offset; a setting: key length, type, one byte.
        int tensorCount = cursor.Count("the tensor count", 8);
        int entryCount = cursor.Count("the setting count", 8 + 4 + 1);
        if (tensorCount > cursor.Remaining / (8 + 4 + 8 + 4 + 8)) throw cursor.Broken($"the tensor count says {tensorCount} items, more than the rest of the file can hold");
        Entries = ReadEntries(cursor, entryCount);
        Alignment = ReadAlignment(cursor);
        Tensors = ReadTensors(cursor, tensorCount);
        CheckPlaces(cursor);
    }

    /// <summary>Version of the format: 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Tensors start at multiples of this many bytes.</summary>
    public int Alignment { get; }

    /// <summary>Settings in stored order.</summary>
    public IReadOnlyList<GgufEntry> Entries { get; }

    /// <summary>Tensors in stored order.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Bytes from the start of the mapped file to the first tensor.</summary>
    public long DataStart { get; private set; }

    /// <summary>The file it lies in.</summary>
    public MappedFile File => file;

    /// <summary>Everything before the first tensor, 2 GiB at most.</summary>
    public ReadOnlySpan<byte> Header => file.Span(start, (int)Math.Min(Math.Min(DataStart, end) - start, int.MaxValue));

    /// <summary>An unsigned or signed integer setting; null when absent.</summary>
    public long? Integer(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Widened as long?;

    /// <summary>A tensor's bytes; it must be one of <see cref="Tensors"/>.</summary>
    public unsafe TensorView View(TensorInfo info) => new(info.Type, info.Rows, (int)info.Columns, file.Data + offsets[info.Name], info.ByteCount) { File = file, IsInterleaved = interleaved.Contains(info.Name) };

    private uint ReadVersion(GgufCursor cursor)
    {
        uint magic = cursor.UInt32("the GGUF magic");
        if (magic != Magic) throw new CriaException($"{file.Path} is not a GGUF file (it does not begin with \"GGUF\"); check the path or convert the model");
        uint version = cursor.UInt32("the version");
        if ((version & 0xffff) == 0)
            throw new CriaException($"{file.Path} is a big-endian GGUF file, which Cria does not read; download or convert a little-endian one");
        return version is 2 or 3 ? version
            : throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{file.Path} is GGUF version {version}, Cria reads versions 2 and 3; download or convert it again"));
    }

    private static List<GgufEntry> ReadEntries(GgufCursor cursor, int count)
    {
        var entries = new List<GgufEntry>(Math.Min(count, 256));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string key = cursor.Text($"the key of setting {i}");
            if (!seen.Add(key)) throw cursor.Broken($"setting {ForeignText.Shown(key)} appears twice");
            string what = $"setting {ForeignText.Shown(key)}";
            var type = (GgufValueType)cursor.UInt32(what);
            entries.Add(new GgufEntry(key, type, cursor.Value(type, what)));
        }
        return entries;
    }

    private int ReadAlignment(GgufCursor cursor)
    {
        GgufEntry? entry = Entries.FirstOrDefault(entry => entry.Key == "general.alignment");
        if (entry is null) return DefaultAlignment;
        return entry.Value is uint alignment && BitOperations.IsPow2(alignment) && alignment <= 1 << 30 ? (int)alignment
            : throw cursor.Broken($"setting general.alignment should be a power of two but is {ForeignText.Shown(entry.Value.ToString()!)}");
    }

    private List<TensorInfo> ReadTensors(GgufCursor cursor, int count)
    {
        var tensors = new List<TensorInfo>(count);
        for (int i = 0; i < count; i++)
        {
            string name = cursor.Text($"the name of tensor {i}");
            string what = $"tensor {ForeignText.Shown(name)}";
            uint sizeCount = cursor.UInt32(what);
            if (sizeCount is 0 or > MaximumSizes) throw cursor.Broken(string.Create(CultureInfo.InvariantCulture, $"{what} has {sizeCount} sizes instead of one to four"));
            var shape = new long[sizeCount];
            for (int d = shape.Length - 1; d >= 0; d--) shape[d] = (long)cursor.UInt64(what);
            (TensorType type, bool isInterleaved) = PreparedGguf.Parse(cursor.UInt32(what));
            ulong offset = cursor.UInt64(what);
            long byteCount = ByteCount(cursor, what, type, shape);
            if (offset % (uint)Alignment != 0) throw cursor.Broken(string.Create(CultureInfo.InvariantCulture, $"{what} begins at {offset}, which is no multiple of the alignment {Alignment}"));
            if (offset > (ulong)(end - start)) throw Outside(cursor, what);
            if (!offsets.TryAdd(name, (long)offset)) throw cursor.Broken($"{what} appears twice");
            if (isInterleaved) interleaved.Add(name);
            tensors.Add(new TensorInfo(name, type, shape, byteCount));
        }
        return tensors;
    }

    private long ByteCount(GgufCursor cursor, string what, TensorType type, long[] shape)
    {
        if (!BlockFormat.IsInGguf(type))
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {what} has type {(uint)type}, which Cria does not read; download or convert the model in another type (F16, Q8_0, Q4_K_M, …)"));
        BlockFormat format = BlockFormat.Of(type);
        // Sizes are checked one by one against what the file can hold, so the products cannot overflow.
        long limit = checked((end - start) / format.BlockBytes * format.BlockSize);
        long elements = 1;
        foreach (long size in shape)
        {
            if (size <= 0) throw cursor.Broken(string.Create(CultureInfo.InvariantCulture, $"{what} has a size of {(ulong)size}"));
            if (size > limit / elements) throw cursor.Broken($"{what} [{string.Join(", ", shape)}] is larger than the file");
            elements *= size;
        }
        long columns = shape[^1];
        if (columns % format.BlockSize != 0) throw cursor.Broken($"{what} has rows of {columns}, which is no multiple of the {format.BlockSize} that a {format.Type} block holds");
        if (columns > int.MaxValue || format.RowBytes(columns) > int.MaxValue) throw cursor.Broken($"{what} has rows of {columns}, longer than any Llama model's");
        return elements / format.BlockSize * format.BlockBytes;
    }

    private void CheckPlaces(GgufCursor cursor)
    {
        DataStart = start + (cursor.Position + Alignment - 1) / Alignment * Alignment;
        long free = DataStart;
        string? before = null;
        foreach (TensorInfo tensor in Tensors.OrderBy(tensor => offsets[tensor.Name]))
        {
            long place = DataStart + offsets[tensor.Name];
            if (place < free) throw cursor.Broken($"tensors {ForeignText.Shown(before!)} and {ForeignText.Shown(tensor.Name)} overlap");
            if (tensor.ByteCount > end - place) throw Outside(cursor, $"tensor {ForeignText.Shown(tensor.Name)}");
            free = place + tensor.ByteCount;
            before = tensor.Name;
            offsets[tensor.Name] = place;
        }
    }

    private CriaException Outside(GgufCursor cursor, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {what} reaches beyond the end of the file ({end - start} bytes); it is cut short, download or convert it again"));
}
