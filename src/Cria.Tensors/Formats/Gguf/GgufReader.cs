using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>Reads a model from GGUF, version 2 or 3. Tensors stay in the mapped file; nothing is copied.</summary>
public sealed class GgufReader : ITensorSource
{
    private readonly List<MappedFile> mapped = [];
    private readonly Dictionary<string, (TensorInfo Info, GgufFile File)> byName = new(StringComparer.Ordinal);
    private readonly List<TensorInfo> tensors = [];

    private GgufReader(MappedFile file, long start, long length)
    {
        Path = file.Path;
        mapped.Add(file);
        var header = new GgufFile(file, start, length);
        Version = header.Version;
        Alignment = header.Alignment;
        Entries = header.Entries;
        Add(header);
        Metadata = new ModelMetadata(Path, Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Widened)));
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>Version of the format: 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Tensors start at multiples of this many bytes.</summary>
    public int Alignment { get; }

    /// <summary>Settings with the types they are stored as, in stored order.</summary>
    public IReadOnlyList<GgufEntry> Entries { get; }

    /// <inheritdoc/>
    public ModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors => tensors;

    /// <summary>Opens a GGUF file. Throws <see cref="CriaException"/> when it is not one or is damaged.</summary>
    public static GgufReader Open(string path) => Read(MappedFile.Open(path));

    /// <summary>Reads GGUF data that lies in memory, named <paramref name="path"/> in messages. Throws <see cref="CriaException"/> when it is damaged.</summary>
    public static GgufReader FromBytes(string path, byte[] bytes) => Read(MappedFile.FromBytes(path, bytes));

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info)
    {
        bool found = byName.TryGetValue(name, out (TensorInfo Info, GgufFile File) entry);
        info = entry.Info;
        return found;
    }

    /// <inheritdoc/>
    public TensorView View(TensorInfo info) => byName.TryGetValue(info.Name, out (TensorInfo Info, GgufFile File) entry)
        ? entry.File.View(entry.Info)
        : throw new ArgumentException($"{info.Name} is not a tensor of {Path}", nameof(info));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MappedFile file in mapped) file.Dispose();
    }

    private static GgufReader Read(MappedFile file)
    {
        try
        {
            return new GgufReader(file, 0, file.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Add(GgufFile header)
    {
        foreach (TensorInfo tensor in header.Tensors)
        {
            byName.Add(tensor.Name, (tensor, header));
            tensors.Add(tensor);
        }
    }
}
