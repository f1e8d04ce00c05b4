using Cria.Adapters;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Models;

/// <summary>Hands a model file's tensors to a backend; the one place that knows their names. Every shape is checked against the config.</summary>
internal static class LlamaLoader
{
    /// <summary>Uploads all weights, with the factors of <paramref name="adapters"/> and of <paramref name="choices"/>, whose sets are numbered from 1, beside them. <paramref name="progress"/> hears the share done, 0 to 1.</summary>
    public static LlamaWeights Load(ITensorSource source, LlamaConfig config, IBackend backend, IProgress<double>? progress, IReadOnlyList<ScaledAdapter>? adapters = null, IReadOnlyList<ScaledAdapter>? choices = null)
    {
        (ScaledAdapter Adapter, int Set)[] all = [.. (adapters ?? []).Select(adapter => (adapter, 0)), .. (choices ?? []).Select((adapter, i) => (adapter, i + 1))];
        foreach ((ScaledAdapter adapter, _) in all) adapter.Adapter.CheckFits(source);
        long total = source.Tensors.Sum(tensor => tensor.ByteCount), done = 0;
        int queryRows = config.HeadCount * config.HeadSize, keyRows = config.KeyValueHeadCount * config.HeadSize;
        var layers = new LlamaLayer[config.LayerCount];
        Weight embedding = Matrix("token_embd.weight", config.VocabularySize, config.HiddenSize);
        for (int i = 0; i < layers.Length; i++)
        {
            string prefix = FormattableString.Invariant($"blk.{i}.");
            layers[i] = new LlamaLayer(
                AttentionNorm: Vector(prefix + "attn_norm.weight"),
                Query: Matrix(prefix + "attn_q.weight", queryRows, config.HiddenSize),
                Key: Matrix(prefix + "attn_k.weight", keyRows, config.HiddenSize),
                Value: Matrix(prefix + "attn_v.weight", keyRows, config.HiddenSize),
                AttentionOutput: Matrix(prefix + "attn_output.weight", config.HiddenSize, queryRows),
                FeedForwardNorm: Vector(prefix + "ffn_norm.weight"),
                Gate: Matrix(prefix + "ffn_gate.weight", config.FeedForwardSize, config.HiddenSize),
                Up: Matrix(prefix + "ffn_up.weight", config.FeedForwardSize, config.HiddenSize),
                Down: Matrix(prefix + "ffn_down.weight", config.HiddenSize, config.FeedForwardSize));
        }
        Weight outputNorm = Vector("output_norm.weight");
        Weight output = source.TryGet("output.weight", out _) ? Matrix("output.weight", config.VocabularySize, config.HiddenSize) : embedding;
        return new LlamaWeights(embedding, layers, outputNorm, output);

        Weight Vector(string name)
        {
            TensorInfo info = Find(name, [config.HiddenSize]);
            if (info.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16)) throw new CriaException($"{source.Path}: tensor {name} is stored as {info.Type}, but norms are floats; convert the model again");
            return Upload(info);
        }

        Weight Matrix(string name, long rows, long columns) => Upload(Find(name, [rows, columns]));

        TensorInfo Find(string name, long[] shape)
        {
            if (!source.TryGet(name, out TensorInfo info)) throw new CriaException($"{source.Path}: tensor {name} is missing; the file is not a complete model, fetch or convert it again");
            if (!info.Shape.SequenceEqual(shape)) throw new CriaException($"{source.Path}: tensor {name} is [{string.Join(", ", info.Shape)}] where the settings ask for [{string.Join(", ", shape)}]; convert the model again");
            return info;
        }

        Weight Upload(TensorInfo info)
        {
            // Not released: the backend may go on using the bytes where they lie.
            Weight weight = backend.Upload(info.Name, source.View(info));
            foreach ((ScaledAdapter adapter, int set) in all)
                if (adapter.Adapter.Find(info.Name) is { } matrix) backend.Adapt(weight, matrix.Rank, matrix.Down, [.. matrix.Up.Select(value => (float)(value * matrix.Scale * adapter.Scale))], set);
            done += info.ByteCount;
            progress?.Report((double)done / Math.Max(total, 1));
            return weight;
        }
    }

    /// <summary>The frequency divisors a file carries for Llama 3.1's scaling, or none.</summary>
    public static float[] RopeDivisors(ITensorSource source, LlamaConfig config)
    {
        if (!source.TryGet("rope_freqs.weight", out TensorInfo info)) return [];
        if (info.Type != TensorType.F32 || info.ElementCount != config.HeadSize / 2)
            throw new CriaException($"{source.Path}: tensor rope_freqs.weight should be {config.HeadSize / 2} F32 values but is [{string.Join(", ", info.Shape)}] {info.Type}; convert the model again");
        var divisors = new float[config.HeadSize / 2];
        BlockFormat.Of(TensorType.F32).Decode(source.View(info).Row(0), divisors);
        source.Release(info);
        if (divisors.Any(value => !float.IsFinite(value) || value <= 0)) throw new CriaException($"{source.Path}: tensor rope_freqs.weight holds a value that is not a positive number; convert the model again");
        return divisors;
    }
}
