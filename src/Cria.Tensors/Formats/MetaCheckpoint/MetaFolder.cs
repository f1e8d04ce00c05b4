using System.Runtime.InteropServices;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>
/// Opens a model folder as Meta has it: <c>params.json</c> and <c>consolidated.*.pth</c>, in one file or in model-parallel shards, which are merged.
/// Query and key rows are already in GGUF's order; vectors become F32, as GGUF keeps them.
/// </summary>
public static unsafe class MetaFolder
{
    /// <summary>True when the folder has what such a model has.</summary>
    public static bool IsOne(string folder) => File.Exists(Path.Combine(folder, "params.json")) && Shards(folder).Length > 0;

    /// <summary>
    /// Opens a folder. <paramref name="tokenizerSettings"/> are added to the model's own. Throws <see cref="CriaException"/> when files are missing, damaged
    /// or do not fit together, or when a checkpoint wants to run code.
    /// </summary>
    public static ITensorSource Open(string folder, IEnumerable<KeyValuePair<string, object>>? tokenizerSettings = null)
    {
        JsonFile settings = JsonFile.Read(Path.Combine(folder, "params.json"));
        string[] paths = Shards(folder);
        if (paths.Length == 0) throw new CriaException($"{folder} has no consolidated.*.pth file; fetch the model again");
        var files = new List<TorchFile>();
        try
        {
            for (int i = 0; i < paths.Length; i++)
            {
                string expected = FormattableString.Invariant($"consolidated.{i:D2}.pth");
                if (Path.GetFileName(paths[i]) != expected) throw new CriaException($"{Path.Combine(folder, expected)} is missing; the model is not complete, fetch that file");
                files.Add(TorchFile.Open(paths[i]));
            }
            var merged = new List<AssembledTensor>();
            foreach (string name in files[0].Tensors.Keys)
            {
                if (name == "rope.freqs") continue;
                (string gguf, ShardedBy sharding) = MetaNames.ToGguf(name) ?? throw new CriaException($"{files[0].Path}: tensor {ForeignText.Shown(name)} is none that a Llama has; Cria runs Llama 2 and Llama 3 models");
                merged.Add(Merge(files, name, gguf, sharding));
            }
            foreach (TorchFile file in files)
                if (file.Tensors.Count != files[0].Tensors.Count) throw new CriaException($"{file.Path} has {file.Tensors.Count} tensors but {Path.GetFileName(files[0].Path)} has {files[0].Tensors.Count}; the shards do not belong together, fetch them from one place");
            Dictionary<string, object> all = MetaParameters.Settings(folder, settings, merged, out float[]? divisors);
            if (divisors is not null) merged.Add(RopeDivisors.Tensor(divisors));
            foreach ((string key, object value) in tokenizerSettings ?? []) all[key] = value;
            return new AssembledSource(folder, all, merged, files);
        }
        catch
        {
            foreach (TorchFile file in files) file.Dispose();
            throw;
        }
    }

    private static string[] Shards(string folder) => [.. Directory.EnumerateFiles(folder, "consolidated.*.pth").Order(StringComparer.Ordinal)];

    private static AssembledTensor Merge(List<TorchFile> files, string name, string gguf, ShardedBy sharding)
    {
        var parts = new (IReadOnlyList<long> Shape, IntPtr Data)[files.Count];
        TensorType type = default;
        for (int i = 0; i < files.Count; i++)
        {
            if (!files[i].Tensors.TryGetValue(name, out TorchTensor? tensor)) throw DoNotFit(files[i], name, "is missing");
            (TensorType partType, IntPtr data) = files[i].Locate(name);
            if (i > 0 && partType != type) throw DoNotFit(files[i], name, $"is {partType} where the first shard has {type}");
            if (tensor.Shape.Count != (sharding == ShardedBy.Nothing ? 1 : 2) || !tensor.Shape.SequenceEqual(i == 0 ? tensor.Shape : parts[0].Shape))
                throw DoNotFit(files[i], name, $"is [{string.Join(", ", tensor.Shape)}]");
            type = partType;
            parts[i] = (tensor.Shape, data);
        }
        BlockFormat format = BlockFormat.Of(type);
        IReadOnlyList<long> shape = parts[0].Shape;
        if (shape[^1] > int.MaxValue / 4 / files.Count) throw DoNotFit(files[0], name, $"is [{string.Join(", ", shape)}]");
        if (sharding == ShardedBy.Nothing)
        {
            int bytes = (int)shape[0] * format.BlockBytes;
            IntPtr vector = parts[0].Data;
            return new AssembledTensor(new TensorInfo(gguf, TensorType.F32, shape, shape[0] * sizeof(float)),
                (_, row) => format.Decode(new ReadOnlySpan<byte>((byte*)vector, bytes), MemoryMarshal.Cast<byte, float>(row)));
        }
        if (files.Count == 1) return new AssembledTensor(Info(shape), files[0].Mapped, (byte*)parts[0].Data);
        // Llama 2 divided the embedding by columns: then a shard is narrower than the norm, whose width is the model's.
        bool byColumns = sharding == ShardedBy.Columns || (sharding == ShardedBy.RowsOrColumns && files[0].Tensors.TryGetValue("norm.weight", out TorchTensor? norm) && norm.Shape[0] != shape[1]);
        int partBytes = (int)shape[1] * format.BlockBytes;
        return byColumns
            ? new AssembledTensor(Info([shape[0], shape[1] * files.Count]), (row, bytes) =>
            {
                for (int i = 0; i < parts.Length; i++) new ReadOnlySpan<byte>((byte*)parts[i].Data + row * partBytes, partBytes).CopyTo(bytes[(i * partBytes)..]);
            })
            : new AssembledTensor(Info([shape[0] * files.Count, shape[1]]), (row, bytes) => new ReadOnlySpan<byte>((byte*)parts[row / shape[0]].Data + row % shape[0] * partBytes, partBytes).CopyTo(bytes));

        TensorInfo Info(IReadOnlyList<long> whole) => new(gguf, type, whole, whole[0] * whole[1] * format.BlockBytes);
    }

    private static CriaException DoNotFit(TorchFile file, string name, string what) =>
        new($"{file.Path}: tensor {ForeignText.Shown(name)} {what}; the shards do not fit together, fetch them again from one place");
}
