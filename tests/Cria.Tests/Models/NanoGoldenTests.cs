using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Tests.Models;

/// <summary>The 2.3M-parameter reference network in all its storage types, against logits computed in float64.</summary>
public class NanoGoldenTests
{
    private static readonly string[] FloatTypes = ["F32", "F16", "BF16"];

    public static TheoryData<string, string> EveryTypeOnEveryLevel()
    {
        var data = new TheoryData<string, string>();
        string[] types = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS"];
        foreach (string type in types)
        {
            foreach (CpuLevel level in Cpu.Available) data.Add(type, level.ToString());
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(EveryTypeOnEveryLevel))]
    public void Logits_match_the_float64_reference(string type, string level)
    {
        string path = SharedData.PathOf($"goldens/nano/nano-{type.ToLowerInvariant()}.gguf");
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedData.PathOf($"goldens/nano/logits/{type}.f32"))).ToArray();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/nano/expected.json")));
        int[] prompt = [.. golden.RootElement.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32())];

        using GgufReader source = GgufReader.Open(path);
        LlamaConfig config = LlamaConfig.From(source);
        using var model = new Llama(source, config, CpuBackend.Create(2, Enum.Parse<CpuLevel>(level)));
        using KvCache cache = model.CreateCache(256, FloatTypes.Contains(type) ? TensorType.F32 : TensorType.F16);
        using KvSequence sequence = cache.NewSequence();
        var batch = new Batch();
        Assert.True(batch.TryAdd(sequence, prompt, Logits.All, out _));
        Tensor logits = model.Forward(batch, cache);
        double largest = 0, smallestCosine = 1;
        for (int i = 0; i < prompt.Length; i++)
        {
            ReadOnlySpan<float> row = model.Read(logits, i);
            double dot = 0, a = 0, b = 0;
            for (int j = 0; j < row.Length; j++)
            {
                float wanted = expected[i * row.Length + j];
                largest = Math.Max(largest, Math.Abs(row[j] - wanted));
                dot += (double)row[j] * wanted;
                a += (double)row[j] * row[j];
                b += (double)wanted * wanted;
            }
            smallestCosine = Math.Min(smallestCosine, dot / Math.Sqrt(a * b));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{type} {level}: largest difference {largest:E2}, smallest cosine {smallestCosine:F7}");
        if (FloatTypes.Contains(type)) Assert.True(largest < 1e-3, $"largest difference {largest:E2}");
        Assert.True(smallestCosine >= 0.999, $"smallest cosine {smallestCosine:F7}");
    }
}
