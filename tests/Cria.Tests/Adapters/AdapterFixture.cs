using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Adapters;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Tests.Adapters;

/// <summary>PEFT adapters with random factors for the reference network, written without Cria's own writer, and that network's logits.</summary>
internal static class AdapterFixture
{
    public const int HeadSize = 32;

    private static readonly (string Module, int Rows, int Columns)[] Modules =
    [
        ("self_attn.q_proj", 256, 256), ("self_attn.k_proj", 64, 256), ("self_attn.v_proj", 64, 256), ("self_attn.o_proj", 256, 256),
        ("mlp.gate_proj", 512, 256), ("mlp.up_proj", 512, 256), ("mlp.down_proj", 256, 512),
    ];

    /// <summary>The factors of every matrix of both layers and of the output, in Hugging Face's row order.</summary>
    public static Dictionary<string, (int Rows, int Columns, float[] A, float[] B)> Factors(int seed, int rank)
    {
        var random = new Random(seed);
        var factors = new Dictionary<string, (int, int, float[], float[])>();
        for (int layer = 0; layer < 2; layer++)
            foreach ((string module, int rows, int columns) in Modules) Add($"model.layers.{layer}.{module}", rows, columns);
        Add("lm_head", 2304, 256);
        return factors;

        void Add(string name, int rows, int columns) => factors.Add(name, (rows, columns, Values(rank * columns), Values(rows * rank)));
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(0.08 * (random.NextDouble() - 0.5)))];
    }

    /// <summary>Writes a PEFT folder.</summary>
    public static string WritePeft(string folder, Dictionary<string, (int Rows, int Columns, float[] A, float[] B)> factors, int rank, string config, string adapterName = "")
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config);
        SafetensorsWriter.Write(Path.Combine(folder, "adapter_model.safetensors"), [.. factors.SelectMany(factor => new[]
        {
            Content($"base_model.model.{factor.Key}.lora_A{adapterName}.weight", rank, factor.Value.Columns, factor.Value.A),
            Content($"base_model.model.{factor.Key}.lora_B{adapterName}.weight", factor.Value.Rows, rank, factor.Value.B),
        })]);
        return folder;
    }

    /// <summary>The reference network as a Hugging Face folder, F32, with scale · B · A added to its tensors as they lie there.</summary>
    public static string MergeByHand(string folder, Dictionary<string, (int Rows, int Columns, float[] A, float[] B)> factors, int rank, Func<string, double> scale)
    {
        string origin = SharedData.PathOf("goldens/nano/hf");
        Directory.CreateDirectory(folder);
        foreach (string name in new[] { "config.json", "tokenizer.json", "tokenizer_config.json" }) File.Copy(Path.Combine(origin, name), Path.Combine(folder, name));
        List<SafetensorsContent> contents = [];
        foreach (string shard in Directory.EnumerateFiles(origin, "*.safetensors"))
        {
            using SafetensorsFile file = SafetensorsFile.Open(shard);
            foreach (SafetensorsEntry entry in file.Entries)
            {
                float[] values = file.ReadFloats(entry);
                string module = entry.Name[..entry.Name.LastIndexOf('.')];
                if (factors.TryGetValue(module, out (int Rows, int Columns, float[] A, float[] B) factor))
                {
                    for (int row = 0; row < factor.Rows; row++)
                    {
                        for (int column = 0; column < factor.Columns; column++)
                        {
                            double sum = 0;
                            for (int k = 0; k < rank; k++) sum += (double)factor.B[row * rank + k] * factor.A[k * factor.Columns + column];
                            values[row * factor.Columns + column] += (float)(scale(module) * sum);
                        }
                    }
                }
                contents.Add(new SafetensorsContent(entry.Name, "F32", entry.Shape, stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan()))));
            }
        }
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), contents);
        return folder;
    }

    /// <summary>All logits of the reference prompt: [tokens · vocabulary].</summary>
    public static float[] Logits(ITensorSource source, params ScaledAdapter[] adapters)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/nano/expected.json")));
        int[] prompt = [.. golden.RootElement.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32())];
        using var model = new Llama(source, LlamaConfig.From(source), CpuBackend.Create(1), adapters: adapters);
        using KvCache cache = model.CreateCache(256, TensorType.F32);
        using KvSequence sequence = cache.NewSequence();
        List<float> all = [];
        var batch = new Batch();
        // In two steps, as a conversation would: the second has a single token.
        foreach (int[] part in new[] { prompt[..^1], prompt[^1..] })
        {
            batch.Clear();
            Assert.True(batch.TryAdd(sequence, part, Cria.Models.Logits.All, out _));
            Tensor logits = model.Forward(batch, cache);
            for (int i = 0; i < part.Length; i++) all.AddRange(model.Read(logits, i));
        }
        return [.. all];
    }

    public static float[] Logits(string path, params ScaledAdapter[] adapters)
    {
        using ITensorSource source = ModelSource.Open(path);
        return Logits(source, adapters);
    }

    public static double LargestDifference(float[] x, float[] y) => x.Zip(y, (a, b) => Math.Abs((double)a - b)).Max();

    private static SafetensorsContent Content(string name, long rows, long columns, float[] values) =>
        new(name, "F32", [rows, columns], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));
}
