using System.Globalization;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>Writes a model as several GGUF files, <c>NAME-00001-of-00003.gguf</c> and so on. The first carries the settings.</summary>
public static class GgufSplitter
{
    /// <summary>
    /// Splits into parts of at most <paramref name="partBytes"/> tensor bytes each (a larger tensor gets a part of its own); <paramref name="stem"/> is folder and NAME.
    /// Returns the paths written. Throws <see cref="CriaException"/> when a part cannot be written; then none remains.
    /// </summary>
    public static IReadOnlyList<string> Split(string stem, long partBytes, IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> tensors)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partBytes);
        List<List<TensorContent>> parts = Divide(partBytes, tensors);
        if (parts.Count > ushort.MaxValue)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{stem}: parts of {partBytes} bytes would be {parts.Count}, more than {ushort.MaxValue}; allow larger parts"));
        var name = new GgufPartName(stem, 1, parts.Count);
        var written = new List<string>();
        try
        {
            for (int number = 1; number <= parts.Count; number++)
            {
                string path = name.PathOf(number);
                GgufWriter.Write(path, [.. number == 1 ? entries : AlignmentOf(entries), .. PartEntries(number, parts.Count, tensors.Count)], parts[number - 1]);
                written.Add(path);
            }
            return written;
        }
        catch
        {
            foreach (string path in written) File.Delete(path);
            throw;
        }
    }

    private static List<List<TensorContent>> Divide(long partBytes, IReadOnlyList<TensorContent> tensors)
    {
        var parts = new List<List<TensorContent>> { new() };
        long bytes = 0;
        foreach (TensorContent tensor in tensors)
        {
            if (parts[^1].Count > 0 && bytes + tensor.Info.ByteCount > partBytes)
            {
                parts.Add([]);
                bytes = 0;
            }
            parts[^1].Add(tensor);
            bytes += tensor.Info.ByteCount;
        }
        return parts;
    }

    private static IEnumerable<GgufEntry> AlignmentOf(IReadOnlyList<GgufEntry> entries) => entries.Where(entry => entry.Key == "general.alignment");

    private static GgufEntry[] PartEntries(int number, int count, int tensorCount) =>
    [
        new(GgufReader.SplitNumber, GgufValueType.UInt16, (ushort)(number - 1)),
        new(GgufReader.SplitCount, GgufValueType.UInt16, (ushort)count),
        new(GgufReader.SplitTensorCount, GgufValueType.Int32, tensorCount),
    ];
}
