using BenchmarkDotNet.Attributes;
using Cria.Generation;

namespace Cria.Benchmarks.Generation;

/// <summary>Choosing one token from the logits of Llama 3's vocabulary, shaped like a model's: a few probable tokens over a broad rest.</summary>
[MemoryDiagnoser]
public class SamplerBenchmarks
{
    private const int VocabularySize = 128256;
    private readonly float[] logits = new float[VocabularySize];
    private readonly int[] tokens = [.. Enumerable.Range(0, 4000)];
    private readonly Sampler sampler = new(VocabularySize);
    private readonly TokenProbability[] best = new TokenProbability[20];
    private SamplingSettings settings = null!;

    [Params("greedy", "0.6/0.9", "1.0", "top-k 40", "min-p 0.05", "typical 0.9", "0.6/0.9, repetition 1.1")]
    public string Options { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        for (int i = 0; i < VocabularySize; i++) logits[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * 2.5);
        (logits[5], logits[6], logits[700]) = (18, 17.5f, 16);
        settings = new SamplingSettings(Options switch
        {
            "greedy" => SamplingOptions.Greedy,
            "0.6/0.9" => SamplingOptions.Llama3,
            "1.0" => new() { Temperature = 1 },
            "top-k 40" => new() { Temperature = 1, TopK = 40 },
            "min-p 0.05" => new() { Temperature = 1, MinP = 0.05f },
            "typical 0.9" => new() { Temperature = 1, TypicalP = 0.9f },
            _ => SamplingOptions.Llama3 with { RepetitionPenalty = 1.1f },
        }, [], VocabularySize);
    }

    [Benchmark]
    public int Choose() => sampler.Sample(logits, settings, tokens, 100, null, 0);

    [Benchmark]
    public float LogProbabilities() => Sampler.LogProbability(logits, 5, best);
}
