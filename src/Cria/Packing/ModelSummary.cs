using System.Globalization;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Packing;

/// <summary>What a model file says about itself, read without loading a weight.</summary>
public sealed record ModelSummary
{
    private ModelSummary() { }

    /// <summary>The network's shape; null when the file does not hold a Llama that Cria can run, see <see cref="Problem"/>.</summary>
    public LlamaConfig? Config { get; private init; }

    /// <summary>Why there is no <see cref="Config"/>; null when there is one.</summary>
    public string? Problem { get; private init; }

    /// <summary>The model's own name, else the file's.</summary>
    public required string Name { get; init; }

    /// <summary>The mix of weight types, such as Q4_K_M; where the file does not say, the type most parameters have.</summary>
    public required string FileType { get; init; }

    /// <summary>Parameters, stored tables of rotary frequencies aside.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of all tensors.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Tensors, parameters and bytes by type, most bytes first.</summary>
    public required IReadOnlyList<WeightTypeShare> Types { get; init; }

    /// <summary>Summarizes a model file.</summary>
    public static ModelSummary From(ITensorSource source)
    {
        LlamaConfig? config = null;
        string? problem = null;
        try
        {
            config = LlamaConfig.From(source);
        }
        catch (CriaException failure)
        {
            problem = failure.Message;
        }
        WeightTypeShare[] types = [.. source.Tensors
            .GroupBy(tensor => tensor.Type)
            .Select(group => new WeightTypeShare(group.Key, group.Count(), group.Sum(tensor => tensor.ElementCount), group.Sum(tensor => tensor.ByteCount)))
            .OrderByDescending(share => share.ByteCount)];
        return new ModelSummary
        {
            Config = config,
            Problem = problem,
            Name = source.Metadata.Values.GetValueOrDefault("general.name") is string { Length: > 0 } name ? name : System.IO.Path.GetFileNameWithoutExtension(source.Path),
            FileType = types.Any(share => share.Type == TensorType.I8) ? "W8A8" : NamedFileType(source, types) ?? types.MaxBy(share => share.ParameterCount)?.Type.ToString() ?? "none",
            ParameterCount = source.Tensors.Where(tensor => tensor.Name != "rope_freqs.weight").Sum(tensor => tensor.ElementCount),
            WeightBytes = source.Tensors.Sum(tensor => tensor.ByteCount),
            Types = types,
        };
    }

    /// <summary>
    /// Bytes of the keys and values of <paramref name="tokens"/> tokens, in whole pages, kept as they are where nothing is said.
    /// Throws <see cref="InvalidOperationException"/> without a <see cref="Config"/>, and <see cref="CriaException"/> when the heads cannot be kept as <paramref name="types"/>.
    /// </summary>
    public long KvCacheBytes(long tokens, KvTypes? types = null)
    {
        LlamaConfig config = Config ?? throw new InvalidOperationException(Problem);
        KvTypes chosen = types ?? KvTypes.Default;
        chosen.Check(config.HeadSize);
        long pages = (tokens + KvLayout.PageSize - 1) / KvLayout.PageSize;
        return checked(pages * new KvLayout(config.LayerCount, config.KeyValueHeadCount, config.HeadSize, chosen).PageBytes);
    }

    /// <summary>Throws <see cref="CriaException"/>, saying how much is needed, when weights and the keys and values of <paramref name="tokens"/> tokens do not fit this machine's memory.</summary>
    public void CheckMemory(long tokens, KvTypes? types = null)
    {
        long cache = KvCacheBytes(tokens, types), memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (cache + WeightBytes > memory)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the keys and values of a context of {tokens} tokens need {Gibibytes(cache)} beside {Gibibytes(WeightBytes)} of weights, but there are {Gibibytes(memory)} of memory; choose a shorter context or a smaller type of keys and values"));

        static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.##} GiB");
    }

    /// <summary>The type the file names, unless no tensor has it: tools that requantize forget to change the name.</summary>
    private static string? NamedFileType(ITensorSource source, WeightTypeShare[] types) =>
        source.Metadata.Values.GetValueOrDefault("general.file_type") is long or ulong && Packing.FileType.Of(source.Metadata.Integer("general.file_type")) is { } named && types.Any(share => share.Type == named.TensorType) ? named.Name : null;
}
