using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Packing;

/// <summary>
/// The older form of an importance matrix.
/// <code>
/// entry count
/// entries:  name length, name, calls, value count, values (mean square · calls)
/// chunk count, name length and name of the text; may be absent
/// </code>
/// Numbers are 32-bit, little-endian; values are floats.
/// </summary>
internal static class LegacyImportanceFile
{
    /// <summary>Reads a file; every length is checked against the bytes there are.</summary>
    public static ImportanceMatrix Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int position = 0;
        int count = Int32("the entry count");
        if (count <= 0) throw Broken($"it says it has {count} entries");
        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = Text($"the name of entry {i}");
            int calls = Int32(name);
            int valueCount = Int32(name);
            if (valueCount <= 0 || calls < 0) throw Broken($"{name} has {valueCount} values from {calls} calls");
            float[] values = MemoryMarshal.Cast<byte, float>(Take(valueCount, sizeof(float), name)).ToArray();
            if (!entries.TryAdd(name, new ImportanceEntry(values, calls))) throw Broken($"{name} appears twice");
        }
        int chunkCount = position < bytes.Length ? Int32("the chunk count") : 0;
        string[] datasets = position < bytes.Length ? [Text("the name of the text")] : [];
        return new ImportanceMatrix(path, entries, datasets, Math.Max(chunkCount, 0), 0);

        int Int32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(1, sizeof(int), what));

        string Text(string what)
        {
            ReadOnlySpan<byte> text = Take(Int32(what), 1, what);
            string name = Encoding.UTF8.GetString(text);
            return name.Any(char.IsControl) ? throw Broken($"{what} has control characters") : name;
        }

        ReadOnlySpan<byte> Take(int items, int itemBytes, string what)
        {
            if (items < 0 || items > (bytes.Length - position) / itemBytes) throw Broken($"{what} reaches beyond the end of the file");
            ReadOnlySpan<byte> taken = bytes.AsSpan(position, items * itemBytes);
            position += items * itemBytes;
            return taken;
        }

        CriaException Broken(string what) => new($"{path} is not an importance matrix or is damaged: {what}; measure it again");
    }

    /// <summary>Writes a file.</summary>
    public static void Write(string path, ImportanceMatrix matrix) => PendingFile.Write(path, stream =>
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        int calls = Math.Max(matrix.ChunkCount, 1);
        writer.Write(matrix.Entries.Count);
        foreach ((string name, ImportanceEntry entry) in matrix.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            Text(name);
            writer.Write(calls);
            writer.Write(entry.Mean.Length);
            foreach (float mean in entry.Mean) writer.Write(mean * calls);
        }
        writer.Write(matrix.ChunkCount);
        Text(matrix.Datasets.Count > 0 ? matrix.Datasets[0] : "");

        void Text(string text)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            writer.Write(utf8.Length);
            writer.Write(utf8);
        }
    });
}
