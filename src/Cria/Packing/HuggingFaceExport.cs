using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tensors.Formats.Safetensors;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>Writes a folder as Hugging Face has it: safetensors in shards with their index, the settings, the vocabulary. The folder appears when it is whole.</summary>
/// <remarks>
/// With <c>toW8A8</c> the matrices of the layers are rounded to bytes with a scale a row, in the form of compressed-tensors; those that are so already stay so unless a type is asked for.
/// <c>smoothing</c> says what their columns are multiplied by.
/// </remarks>
internal sealed class HuggingFaceExport(ITensorSource source, ConvertOptions options, IProgress<TensorProgress>? progress, CancellationToken cancellationToken, bool toW8A8 = false, Smoothing? smoothing = null)
{
    private readonly long total = source.Tensors.Sum(tensor => tensor.ElementCount);
    private readonly int headSize = (int)source.Metadata.Integer("llama.rope.dimension_count",
        source.Metadata.Integer("llama.embedding_length") / Math.Max(1, source.Metadata.Integer("llama.attention.head_count")));
    private long done;

    /// <summary>The type of the matrices that are not bytes.</summary>
    public TensorType Type { get; } = toW8A8 ? SixteenBits(source) : options.Type ?? OwnType(source);

    /// <summary>What most of the matrices have that are not bytes; F16 where that is quantized.</summary>
    private static TensorType OwnType(ITensorSource source) => source.Tensors.Where(tensor => tensor.Shape.Count > 1 && tensor.Type != TensorType.I8).GroupBy(tensor => tensor.Type)
        .MaxBy(group => group.Sum(tensor => tensor.ElementCount))?.Key switch
    {
        TensorType.F32 => TensorType.F32,
        TensorType.BF16 => TensorType.BF16,
        _ => TensorType.F16,
    };

    /// <summary>The type of embedding, output and norms of a W8A8 model.</summary>
    public static TensorType SixteenBits(ITensorSource source) => OwnType(source) == TensorType.BF16 ? TensorType.BF16 : TensorType.F16;

    /// <summary>Writes the folder.</summary>
    public void Write(string folder)
    {
        PendingFolder.CheckIsNew(folder);
        PendingFolder.Write(folder, temporary =>
        {
            WriteWeights(temporary);
            HuggingFaceSettings.Write(source, temporary, Type, headSize, source.Tensors.Any(IsBytes) ? new(OutputIsBytes: source.Tensors.Any(tensor => IsBytes(tensor) && tensor.Name == "output.weight")) : null);
        });
    }

    private void WriteWeights(string folder)
    {
        var shards = new List<List<SafetensorsContent>> { new() };
        long bytes = 0, all = 0;
        foreach (TensorInfo tensor in source.Tensors)
        {
            // The scaling of the rotary frequencies stands in config.json.
            if (tensor.Name == RopeDivisors.TensorName) continue;
            SafetensorsContent[] contents = Contents(tensor);
            long more = contents.Sum(content => content.ByteCount);
            if (shards[^1].Count > 0 && bytes + more > options.ShardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }
            shards[^1].AddRange(contents);
            bytes += more;
            all += more;
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

    /// <summary>True for the matrices that are written as bytes with a scale a row.</summary>
    private bool IsBytes(TensorInfo stored) => stored.Shape.Count > 1 && (toW8A8 ? stored.Name.StartsWith("blk.", StringComparison.Ordinal) : stored.Type == TensorType.I8 && options.Type is null);

    private SafetensorsContent[] Contents(TensorInfo stored)
    {
        string name = HuggingFaceNames.FromGguf(stored.Name)
            ?? throw new CriaException($"{source.Path}: tensor {ForeignText.Shown(stored.Name)} has no place in a Hugging Face folder; the model is not a plain Llama");
        if (smoothing?.Gains(stored.Name) is { } gains) return [Vector(name, gains)];
        TensorType type = IsBytes(stored) ? TensorType.I8 : stored.Shape.Count > 1 ? Type : VectorType(stored);
        TensorInfo to = stored with { Type = type, ByteCount = BlockFormat.Of(type).RowBytes(stored.Columns) * stored.Rows };
        bool isRotary = stored.Name.Contains("attn_q.", StringComparison.Ordinal) || stored.Name.Contains("attn_k.", StringComparison.Ordinal);
        if (isRotary && stored.Rows % headSize != 0) throw new CriaException($"{source.Path}: tensor {stored.Name} has {stored.Rows} rows, no multiple of the head size {headSize}; convert the model again");
        RowScales? scales = type == TensorType.I8 ? new RowScales(stored.Rows, smoothing?.Columns(stored.Name)) : null;
        var weights = new SafetensorsContent(name, type.ToString(), stored.Shape, stream =>
        {
            new TensorTranscoder(source.Path, source.View(stored), stored, to, default, options.Threads, isRotary ? row => RotaryRows.InGguf(row, headSize) : null, scales)
                .Write(stream, elements => progress?.Report(new TensorProgress(stored.Name, done += elements, total)), cancellationToken);
            source.Release(stored);
        });
        // The scales come right behind their weight, so they are known when their turn is there.
        return scales is null ? [weights] : [weights, new SafetensorsContent(name + "_scale", "F32", [stored.Rows, 1], scales.Write)];
    }

    /// <summary>A vector that was made anew and is exact in the type of the other tensors.</summary>
    private SafetensorsContent Vector(string name, float[] values)
    {
        var bytes = new byte[BlockFormat.Of(Type).RowBytes(values.Length)];
        BlockFormat.Of(Type).Encode(values, bytes);
        return new SafetensorsContent(name, Type.ToString(), [values.Length], stream => stream.Write(bytes));
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
