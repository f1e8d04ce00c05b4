using System.Runtime.InteropServices;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// The importance matrix of a model: for each weight matrix the mean square of its inputs, measured on text. Quantizing then spends its precision
/// where it is used. Reads and writes both file forms that are in use: GGUF, and the older one of plain counts and floats.
/// </summary>
public sealed class ImportanceMatrix
{
    private const string SumSuffix = ".in_sum2", CountSuffix = ".counts";
    private const string DatasetsKey = "imatrix.datasets", ChunkCountKey = "imatrix.chunk_count", ChunkSizeKey = "imatrix.chunk_size";

    /// <summary>Wraps measured entries. <paramref name="path"/> names the matrix in messages.</summary>
    public ImportanceMatrix(string path, IReadOnlyDictionary<string, ImportanceEntry> entries, IReadOnlyList<string> datasets, int chunkCount, int chunkSize)
    {
        Path = path;
        Entries = entries;
        Datasets = datasets;
        ChunkCount = chunkCount;
        ChunkSize = chunkSize;
        foreach ((string name, ImportanceEntry entry) in entries)
            foreach (float value in entry.Mean)
                if (!float.IsFinite(value) || value < 0) throw new CriaException($"{path}: the importance of {ForeignText.Shown(name)} holds {value}; measure it again");
    }

    /// <summary>Where it was read from.</summary>
    public string Path { get; }

    /// <summary>Entries by the name of the weight matrix, such as <c>blk.0.attn_q.weight</c>.</summary>
    public IReadOnlyDictionary<string, ImportanceEntry> Entries { get; }

    /// <summary>The texts it was measured on.</summary>
    public IReadOnlyList<string> Datasets { get; }

    /// <summary>How many pieces of text were run; 0 when the file does not say.</summary>
    public int ChunkCount { get; }

    /// <summary>Tokens in a piece of text; 0 when the file does not say.</summary>
    public int ChunkSize { get; }

    /// <summary>The mean square of each column's input, if the matrix was measured.</summary>
    public bool TryGet(string name, out ReadOnlyMemory<float> mean)
    {
        bool found = Entries.TryGetValue(name, out ImportanceEntry? entry);
        mean = entry?.Mean;
        return found;
    }

    /// <summary>Reads either form. Throws <see cref="CriaException"/> when the file is neither or is damaged.</summary>
    public static ImportanceMatrix Read(string path)
    {
        Span<byte> head = stackalloc byte[4];
        try
        {
            using FileStream file = File.OpenRead(path);
            file.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path}: the importance matrix cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
        return head.SequenceEqual("GGUF"u8) ? ReadGguf(path) : LegacyImportanceFile.Read(path);
    }

    /// <summary>Writes the GGUF form.</summary>
    public void WriteGguf(string path)
    {
        GgufEntry[] settings =
        [
            new("general.type", GgufValueType.String, "imatrix"),
            new(DatasetsKey, GgufValueType.Array, Datasets.ToArray()),
            new(ChunkCountKey, GgufValueType.UInt32, (uint)ChunkCount),
            new(ChunkSizeKey, GgufValueType.UInt32, (uint)ChunkSize),
        ];
        var tensors = new List<TensorContent>();
        foreach ((string name, ImportanceEntry entry) in Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            tensors.Add(Floats(name + SumSuffix, entry.SumOfSquares));
            tensors.Add(Floats(name + CountSuffix, [entry.Count]));
        }
        GgufWriter.Write(path, settings, tensors);
    }

    /// <summary>Writes the older form.</summary>
    public void WriteLegacy(string path) => LegacyImportanceFile.Write(path, this);

    private static TensorContent Floats(string name, float[] values) => new(
        new TensorInfo(name, TensorType.F32, [1, values.Length], values.Length * sizeof(float)),
        stream => stream.Write(MemoryMarshal.AsBytes<float>(values)));

    private static ImportanceMatrix ReadGguf(string path)
    {
        using GgufReader reader = GgufReader.Open(path);
        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        foreach (TensorInfo tensor in reader.Tensors)
        {
            if (!tensor.Name.EndsWith(SumSuffix, StringComparison.Ordinal)) continue;
            string name = tensor.Name[..^SumSuffix.Length];
            if (!reader.TryGet(name + CountSuffix, out TensorInfo counts) || counts.ElementCount != 1 || counts.Type != TensorType.F32 || tensor.Type != TensorType.F32 || tensor.Rows != 1)
                throw new CriaException($"{path}: the importance of {ForeignText.Shown(name)} is not one row of floats with a count; measure it again");
            entries.Add(name, new ImportanceEntry(Floats(reader, tensor), Floats(reader, counts)[0]));
        }
        if (entries.Count == 0) throw new CriaException($"{path} holds no importance matrix; give a file that the imatrix command wrote");
        return new ImportanceMatrix(path, entries, reader.Metadata.Array<string>(DatasetsKey) ?? [],
            (int)reader.Metadata.Integer(ChunkCountKey, 0), (int)reader.Metadata.Integer(ChunkSizeKey, 0));
    }

    private static float[] Floats(GgufReader reader, TensorInfo tensor)
    {
        var values = new float[tensor.ElementCount];
        BlockFormat.Of(tensor.Type).Decode(reader.View(tensor).Row(0), values);
        return values;
    }
}
