using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// Writes a model as a GGUF file of another type. Weights stream through: beside the mapped source only a few megabytes per thread are in memory.
/// </summary>
public sealed class Quantizer
{
    private const uint QuantizationVersion = 2;

    private readonly ITensorSource source;
    private readonly QuantizeOptions options;
    private readonly List<(TensorInfo From, TensorInfo To)> plan;

    /// <summary>
    /// Prepares to quantize <paramref name="source"/>. Throws <see cref="CriaException"/> when the importance matrix does not fit the model,
    /// or when weights are quantized already and that is not allowed.
    /// </summary>
    public Quantizer(ITensorSource source, QuantizeOptions options)
    {
        this.source = source;
        this.options = options;
        var recipe = new QuantizationRecipe(source, options);
        plan = [.. source.Tensors.Order(FileOrder.Instance).Select(tensor => (tensor, Target(tensor, recipe.TypeOf(tensor))))];
        foreach ((TensorInfo from, TensorInfo to) in plan) Check(from, to);
    }

    /// <summary>Every tensor as it is and as it will be, in the order of the file.</summary>
    public IReadOnlyList<(TensorInfo From, TensorInfo To)> Plan => plan;

    /// <summary>
    /// Writes the file; it appears under its name when it is whole. Throws <see cref="CriaException"/> when it cannot be written
    /// or a weight is not a finite number.
    /// </summary>
    public void Write(string path, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (File.Exists(path) && Path.GetFullPath(path) == Path.GetFullPath(source.Path))
            throw new CriaException($"{path} is the file that is read; choose another name for the result");
        long total = plan.Sum(pair => pair.From.ElementCount);
        long done = 0;
        var contents = new List<TensorContent>(plan.Count);
        foreach ((TensorInfo from, TensorInfo to) in plan)
        {
            contents.Add(new TensorContent(to, stream =>
            {
                var rows = new TensorTranscoder(source.Path, source.View(from), from, to, ImportanceOf(from, to), options.Threads);
                rows.Write(stream, elements =>
                {
                    done += elements;
                    progress?.Report(new TensorProgress(to.Name, done, total));
                }, cancellationToken);
                source.Release(from);
            }));
        }
        GgufWriter.Write(path, Entries(), contents);
    }

    private static TensorInfo Target(TensorInfo tensor, TensorType type) =>
        tensor with { Type = type, ByteCount = BlockFormat.Of(type).RowBytes(tensor.Columns) * tensor.Rows };

    private void Check(TensorInfo from, TensorInfo to)
    {
        if (from.Type != to.Type && BlockFormat.Of(from.Type).IsQuantized && !options.AllowRequantize)
            throw new CriaException($"{source.Path}: {from.Name} is {from.Type} already; start from an F32, F16 or BF16 file, or allow requantizing (--allow-requantize, in code AllowRequantize; it costs quality)");
        if (options.Importance is { } matrix && matrix.TryGet(from.Name, out ReadOnlyMemory<float> importance) && importance.Length != from.Columns && BlockFormat.Of(to.Type).IsQuantized)
            throw new CriaException($"{matrix.Path}: the importance of {from.Name} has {importance.Length} columns but the model's has {from.Columns}; it was made with another model");
    }

    private ReadOnlyMemory<float> ImportanceOf(TensorInfo from, TensorInfo to) =>
        BlockFormat.Of(to.Type).IsQuantized && options.Importance is { } matrix && matrix.TryGet(from.Name, out ReadOnlyMemory<float> importance) ? importance : default;

    private List<GgufEntry> Entries()
    {
        List<GgufEntry> entries = [.. GgufEntries.Of(source)];
        Set(entries, new GgufEntry("general.quantization_version", GgufValueType.UInt32, QuantizationVersion));
        Set(entries, new GgufEntry("general.file_type", GgufValueType.UInt32, options.FileType.Id));
        if (options.Importance is not { } matrix) return entries;
        Set(entries, new GgufEntry("quantize.imatrix.file", GgufValueType.String, Path.GetFileName(matrix.Path)));
        if (matrix.Datasets.Count > 0) Set(entries, new GgufEntry("quantize.imatrix.dataset", GgufValueType.String, matrix.Datasets[0]));
        Set(entries, new GgufEntry("quantize.imatrix.entries_count", GgufValueType.UInt32, (uint)matrix.Entries.Count));
        if (matrix.ChunkCount > 0) Set(entries, new GgufEntry("quantize.imatrix.chunks_count", GgufValueType.UInt32, (uint)matrix.ChunkCount));
        return entries;
    }

    /// <summary>A setting that is given anew moves to the end.</summary>
    private static void Set(List<GgufEntry> entries, GgufEntry entry)
    {
        entries.RemoveAll(other => other.Key == entry.Key);
        entries.Add(entry);
    }

    /// <summary>Whole-model tensors first, then layer by layer; by name within each.</summary>
    private sealed class FileOrder : IComparer<TensorInfo>
    {
        public static readonly FileOrder Instance = new();

        public int Compare(TensorInfo? x, TensorInfo? y)
        {
            int byLayer = Layer(x!.Name).CompareTo(Layer(y!.Name));
            return byLayer != 0 ? byLayer : string.CompareOrdinal(x.Name, y.Name);
        }

        private static int Layer(string name)
        {
            string[] parts = name.Split('.', 3);
            return parts is ["blk", var number, _] && int.TryParse(number, out int layer) ? layer : -1;
        }
    }
}
