using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tensors.Formats.Safetensors;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>Writes a folder as Hugging Face has it: safetensors in shards with their index, the settings, the vocabulary. The folder appears when it is whole.</summary>
internal sealed class HuggingFaceExport(ITensorSource source, ConvertOptions options, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
{
    private readonly long total = source.Tensors.Sum(tensor => tensor.ElementCount);
    private readonly int headSize = (int)source.Metadata.Integer("llama.rope.dimension_count",
        source.Metadata.Integer("llama.embedding_length") / Math.Max(1, source.Metadata.Integer("llama.attention.head_count")));
    private long done;

    /// <summary>The type of the matrices: the chosen one, else what most of them have; F16 where that is quantized.</summary>
    public TensorType Type { get; } = options.Type ?? source.Tensors.Where(tensor => tensor.Shape.Count > 1).GroupBy(tensor => tensor.Type)
        .MaxBy(group => group.Sum(tensor => tensor.ElementCount))?.Key switch
    {
        TensorType.F32 => TensorType.F32,
        TensorType.BF16 => TensorType.BF16,
        _ => TensorType.F16,
    };

    /// <summary>Writes the folder.</summary>
    public void Write(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new CriaException($"{folder} is there already; choose a new name, ending in .gguf for a GGUF file");
        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string temporary = $"{whole}.{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}.partial";
        try
        {
            Directory.CreateDirectory(temporary);
            WriteWeights(temporary);
            HuggingFaceSettings.Write(source, temporary, Type, headSize);
            if (Directory.Exists(whole)) Directory.Delete(whole);
            Directory.Move(temporary, whole);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{folder} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    private void WriteWeights(string folder)
    {
        var shards = new List<List<SafetensorsContent>> { new() };
        long bytes = 0, all = 0;
        foreach (TensorInfo tensor in source.Tensors)
        {
            // The scaling of the rotary frequencies stands in config.json.
            if (tensor.Name == RopeDivisors.TensorName) continue;
            SafetensorsContent content = Content(tensor);
            if (shards[^1].Count > 0 && bytes + content.ByteCount > options.ShardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }
            shards[^1].Add(content);
            bytes += content.ByteCount;
            all += content.ByteCount;
        }
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), shards[0]);
            return;
        }
        var places = new List<(string Tensor, string File)>();
        for (int i = 0; i < shards.Count; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            SafetensorsWriter.Write(Path.Combine(folder, name), shards[i]);
            places.AddRange(shards[i].Select(content => (content.Name, name)));
        }
        HuggingFaceSettings.WriteIndex(folder, places, all);
    }

    private SafetensorsContent Content(TensorInfo stored)
    {
        string name = HuggingFaceNames.FromGguf(stored.Name)
            ?? throw new CriaException($"{source.Path}: tensor {ForeignText.Shown(stored.Name)} has no place in a Hugging Face folder; the model is not a plain Llama");
        TensorType type = stored.Shape.Count > 1 ? Type : VectorType(stored);
        TensorInfo to = stored with { Type = type, ByteCount = BlockFormat.Of(type).RowBytes(stored.Columns) * stored.Rows };
        bool isRotary = stored.Name.Contains("attn_q.", StringComparison.Ordinal) || stored.Name.Contains("attn_k.", StringComparison.Ordinal);
        if (isRotary && stored.Rows % headSize != 0) throw new CriaException($"{source.Path}: tensor {stored.Name} has {stored.Rows} rows, no multiple of the head size {headSize}; convert the model again");
        return new SafetensorsContent(name, type.ToString(), stored.Shape, stream =>
        {
            new TensorTranscoder(source.Path, source.View(stored), stored, to, default, options.Threads, isRotary ? row => RotaryRows.InGguf(row, headSize) : null)
                .Write(stream, elements => progress?.Report(new TensorProgress(stored.Name, done += elements, total)), cancellationToken);
            source.Release(stored);
        });
    }

    /// <summary>Vectors take the type of the matrices where that loses nothing; else they stay F32.</summary>
    private TensorType VectorType(TensorInfo vector)
    {
        if (vector.Type != TensorType.F32 || Type == TensorType.F32) return vector.Type == TensorType.F32 ? TensorType.F32 : Type;
        ReadOnlySpan<float> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(source.View(vector).Row(0));
        BlockFormat format = BlockFormat.Of(Type);
        var stored = new byte[format.RowBytes(values.Length)];
        var back = new float[values.Length];
        format.Encode(values, stored);
        format.Decode(stored, back);
        return values.SequenceEqual(back) ? Type : TensorType.F32;
    }
}
