using System.Globalization;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>
/// Reads a model from GGUF, version 2 or 3, in one file or split into several. Tensors stay in the mapped files; nothing is copied.
/// </summary>
public sealed class GgufReader : ITensorSource, IGgufSettings
{
    /// <summary>Settings that speak of a part, not of the model: its number, how many parts there are, how many tensors they hold together.</summary>
    internal const string SplitNumber = "split.no", SplitCount = "split.count", SplitTensorCount = "split.tensors.count";

    private readonly List<MappedFile> mapped = [];
    private readonly Dictionary<string, (TensorInfo Info, GgufFile File)> byName = new(StringComparer.Ordinal);
    private readonly List<TensorInfo> tensors = [];
    private readonly List<GgufFile> headers = [];
    private readonly (long Start, long Length) place;

    private GgufReader(string path, MappedFile file, long start, long length)
    {
        Path = path;
        mapped.Add(file);
        place = (start, length);
        try
        {
            var first = new GgufFile(file, start, length);
            first = Parts(first);
            Version = first.Version;
            Alignment = first.Alignment;
            PreparedFor = first.Entries.FirstOrDefault(entry => entry.Key == PreparedGguf.LevelKey)?.Value as string;
            Entries = first.Entries.Where(entry => !entry.Key.StartsWith("split.", StringComparison.Ordinal) && entry.Key != PreparedGguf.LevelKey).ToArray();
            Metadata = new ModelMetadata(Path, Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Widened)));
        }
        catch
        {
            Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Path { get; private set; }

    /// <summary>Version of the format: 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Tensors start at multiples of this many bytes.</summary>
    public int Alignment { get; }

    /// <summary>The CPU level whose layout the weights lie in, as <c>CRIA_CPU</c> names it; null for a file like any other. What <see cref="View"/> gives is the same model.</summary>
    public string? PreparedFor { get; }

    /// <summary>How many files the model lies in.</summary>
    public int PartCount => mapped.Count;

    /// <summary>Bytes of all those files.</summary>
    public long FileBytes => mapped.Sum(file => file.Length);

    /// <summary>The header of each of those files.</summary>
    internal IReadOnlyList<GgufFile> Headers => headers;

    /// <summary>Where the model lies from its first byte to its last; null when it is split.</summary>
    internal (MappedFile File, long Start, long Length)? Whole => mapped.Count == 1 ? (mapped[0], place.Start, place.Length) : null;

    /// <summary>Settings with the types they are stored as, in stored order; of a split model the first part's, without those that number the parts. Neither is the level it was prepared for among them.</summary>
    public IReadOnlyList<GgufEntry> Entries { get; }

    /// <inheritdoc/>
    public ModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors => tensors;

    /// <summary>
    /// Opens a GGUF file, or all parts of a split one (any part's name will do).
    /// Throws <see cref="CriaException"/> when it is not GGUF, is damaged, or parts are missing or do not belong together.
    /// </summary>
    public static GgufReader Open(string path) => Open(path, MappedFile.Open(path));

    /// <summary>Reads GGUF data that lies in memory, named <paramref name="path"/> in messages. Throws <see cref="CriaException"/> when it is damaged.</summary>
    public static GgufReader FromBytes(string path, byte[] bytes) => Open(path, MappedFile.FromBytes(path, bytes));

    /// <summary>Reads GGUF data inside another file, such as a stored zip member; the reader then owns <paramref name="file"/>.</summary>
    internal static GgufReader OpenInside(string path, MappedFile file, long start, long length) => new(path, file, start, length);

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

    private static GgufReader Open(string path, MappedFile file) => new(path, file, 0, file.Length);

    /// <summary>Adds the tensors of the opened file and of the parts that belong to it; returns the first part.</summary>
    private GgufFile Parts(GgufFile opened)
    {
        long count = opened.Integer(SplitCount) ?? 1;
        if (count <= 1)
        {
            Add(opened);
            return opened;
        }
        if (!GgufPartName.TryParse(Path, out GgufPartName name) || name.Count != count)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Path} is one of {count} parts of a model but is not named like it; name the parts NAME-00001-of-{count:D5}.gguf and so on"));
        GgufFile first = opened;
        MappedFile openedFile = mapped[0];
        mapped.Clear();
        for (int number = 1; number <= count; number++)
        {
            if (number == name.Number)
            {
                mapped.Add(openedFile);
                AddPart(opened, Path, number, count);
                continue;
            }
            string path = name.PathOf(number);
            if (!File.Exists(path)) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: part {number} of {count} is missing; put it beside the others"));
            MappedFile file = MappedFile.Open(path);
            mapped.Add(file);
            var part = new GgufFile(file, 0, file.Length);
            AddPart(part, path, number, count);
            if (number == 1) first = part;
        }
        Path = name.PathOf(1);
        if (first.Integer(SplitTensorCount) is long total && total != tensors.Count)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Path}: the {count} parts hold {tensors.Count} tensors instead of {total}; download or split the model again"));
        return first;
    }

    private void AddPart(GgufFile part, string path, int number, long count)
    {
        if (part.Integer(SplitNumber) != number - 1 || part.Integer(SplitCount) != count)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path} does not say that it is part {number} of {count}; download the parts again, all from one place"));
        Add(part);
    }

    private void Add(GgufFile header)
    {
        headers.Add(header);
        foreach (TensorInfo tensor in header.Tensors)
        {
            if (!byName.TryAdd(tensor.Name, (tensor, header)))
                throw new CriaException($"{Path}: tensor {ForeignText.Shown(tensor.Name)} is in two parts; download the parts again, all from one place");
            tensors.Add(tensor);
        }
    }
}
