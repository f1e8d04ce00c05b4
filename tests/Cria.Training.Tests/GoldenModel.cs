using System.Text.Json;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Safetensors;
using Cria.Training.Data;

namespace Cria.Tests;

/// <summary>The two-layer network whose losses, gradients and first ten steps were computed elsewhere.</summary>
internal sealed unsafe class GoldenModel : IDisposable
{
    private readonly AssembledSource source;

    public GoldenModel(RecordingBackend backend)
    {
        string path = SharedData.PathOf("goldens/training/weights.safetensors");
        Expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/training/expected.json"))).RootElement;
        JsonElement config = Expected.GetProperty("config");
        KeyValuePair<string, object>[] settings =
        [
            new("llama.embedding_length", config.GetProperty("dim").GetInt64()), new("llama.block_count", config.GetProperty("layers").GetInt64()),
            new("llama.attention.head_count", config.GetProperty("heads").GetInt64()), new("llama.attention.head_count_kv", config.GetProperty("kv_heads").GetInt64()),
            new("llama.feed_forward_length", config.GetProperty("ffn").GetInt64()), new("llama.rope.freq_base", config.GetProperty("rope_theta").GetDouble()),
            new("llama.attention.layer_norm_rms_epsilon", config.GetProperty("rms_eps").GetDouble()), new("llama.context_length", 64L),
        ];
        SafetensorsFile file = SafetensorsFile.Open(path);
        source = new AssembledSource(path, settings, [.. file.Entries.Select(entry => new AssembledTensor(new TensorInfo(entry.Name, TensorType.F32, entry.Shape, entry.ByteCount), file.Mapped, file.Data(entry)))], [file]);
        Backend = backend;
        Model = new Llama(source, LlamaConfig.From(source), backend);
    }

    public RecordingBackend Backend { get; }

    public Llama Model { get; }

    public JsonElement Expected { get; }

    /// <summary>The reference batch: two rows of 48 tokens. <paramref name="kind"/> is plain, masked or packed.</summary>
    public TrainingBatch Batch(string kind)
    {
        int[][] tokens = Table("tokens"), mask = Table("loss_mask"), documents = Table("documents");
        int length = tokens[0].Length - 1;
        var batch = new TrainingBatch(tokens.Length, length);
        batch.Clear();
        for (int row = 0; row < tokens.Length; row++)
        {
            int start = 0;
            for (int i = 0; i < length; i++)
            {
                // The reference asks the last token of a document for the first of the next one.
                bool ends = kind == "packed" && i + 1 < length && documents[row][i] != documents[row][i + 1];
                batch.Tokens[row * length + i] = tokens[row][i];
                batch.Targets[row * length + i] = kind == "masked" && mask[row][i] == 0 ? TrainingBatch.Ignored : tokens[row][i + 1];
                if (!ends && i + 1 < length) continue;
                batch.Documents.Add(new DocumentSpan(row * length + start, i + 1 - start));
                start = i + 1;
            }
        }
        return batch;
    }

    /// <summary>Reference tensors by name.</summary>
    public static Dictionary<string, float[]> Read(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(SharedData.PathOf("goldens/training/" + name));
        return file.Entries.ToDictionary(entry => entry.Name, entry => new ReadOnlySpan<float>(file.Data(entry), (int)(entry.ByteCount / 4)).ToArray());
    }

    public void Dispose()
    {
        Model.Dispose();
        source.Dispose();
    }

    private int[][] Table(string name) => [.. Expected.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetInt32()).ToArray())];
}
