using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Generation;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Tests.Generation;

/// <summary>The engine over the 2.3M-parameter reference network.</summary>
[Collection(nameof(ModelRuns))]
public class NanoEngineTests
{
    private static readonly SamplingOptions Drawn = new() { Temperature = 1, TopP = 0.95f, Seed = 7, MaxTokens = 40, MinTokens = 40 };

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    [InlineData("Q6_K")]
    public async Task Greedy_tokens_are_those_of_the_reference(string type)
    {
        (int[] prompt, int[] greedy) = Golden(type);
        using var engine = new NanoEngine(type);
        Assert.Equal(greedy, await engine.Answer(prompt, SamplingOptions.Greedy with { MaxTokens = greedy.Length }));
    }

    [Theory]
    [InlineData("F32", "F32")]
    [InlineData("Q8_0", "F16")]
    [InlineData("Q4_K_M", "Q8_0")]
    [InlineData("Q8_0", "Q4_0")]
    public async Task The_answer_is_the_same_for_any_threads_chunks_company_and_cache(string type, string cache)
    {
        (int[] prompt, _) = Golden(type);
        int[] longPrompt = [.. Enumerable.Range(0, 300).Select(i => prompt[i % prompt.Length])];
        int[]? expected = null;
        foreach (int threads in new[] { 1, 2 })
        {
            foreach (int chunk in new[] { 1, 7, 512 })
            {
                using var engine = new NanoEngine(type, threads, options => options with { PromptChunk = chunk, PromptChunkWhileAnswering = chunk, CacheType = Enum.Parse<TensorType>(cache) });
                Task<int[]>[] others = threads == 2 ? [.. Enumerable.Range(1, 5).Select(i => engine.Answer(longPrompt[i..], Drawn with { Seed = (ulong)i }))] : [];
                int[] answer = await engine.Answer(longPrompt, Drawn);
                expected ??= answer;
                Assert.Equal(expected, answer);
                await Task.WhenAll(others);
                // Now the prompt's pages are known.
                Assert.Equal(expected, await engine.Answer(longPrompt, Drawn));
                Assert.True(engine.Engine.Statistics.CachedTokens >= 256);
            }
        }
    }

    [Fact]
    public async Task The_answer_is_the_same_when_it_is_pushed_out_and_computed_again()
    {
        (int[] prompt, _) = Golden("Q8_0");
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Enumerable.Range(0, 120).Select(j => prompt[(i + j) % prompt.Length]).ToArray())];
        using var roomy = new NanoEngine("Q8_0");
        using var tight = new NanoEngine("Q8_0", 2, options => options with { ContextLength = 192, CacheTokens = 320 });
        int[][] expected = new int[prompts.Length][];
        for (int i = 0; i < prompts.Length; i++) expected[i] = await roomy.Answer(prompts[i], Drawn);
        int[][] answers = await Task.WhenAll(prompts.Select(each => tight.Answer(each, Drawn)));
        Assert.Equal(expected, answers);
        Assert.True(tight.Engine.Statistics.Preemptions > 0);
    }

    [Fact]
    public async Task Seeds_and_samples_give_different_answers_and_the_same_seed_the_same()
    {
        (int[] prompt, _) = Golden("Q8_0");
        using var engine = new NanoEngine("Q8_0");
        IReadOnlyList<TokenStream> samples = engine.Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = Drawn }, 4);
        int[][] texts = await Task.WhenAll(samples.Select(NanoEngine.Collect));
        Assert.Equal(4, texts.Select(text => string.Join(' ', text)).Distinct().Count());
        Assert.Equal(texts[0], await engine.Answer(prompt, Drawn));
        Assert.NotEqual(texts[0], await engine.Answer(prompt, Drawn with { Seed = 8 }));
        TokenStream unseeded = engine.Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = Drawn with { Seed = null } });
        Assert.Equal(await NanoEngine.Collect(unseeded), await engine.Answer(prompt, Drawn with { Seed = unseeded.Seed }));
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("Q4_0")]
    public async Task Evaluated_logits_match_the_reference(string type)
    {
        (int[] prompt, _) = Golden(type);
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedData.PathOf($"goldens/nano/logits/{type}.f32"))).ToArray();
        using var engine = new NanoEngine(type);
        int positions = 0;
        await engine.Engine.EvaluateAsync(prompt, (position, logits) =>
        {
            double dot = 0, a = 0, b = 0;
            for (int i = 0; i < logits.Length; i++)
            {
                float wanted = expected[position * logits.Length + i];
                if (type == "F32") Assert.Equal(wanted, logits[i], 1e-3f);
                (dot, a, b) = (dot + (double)logits[i] * wanted, a + (double)logits[i] * logits[i], b + (double)wanted * wanted);
            }
            Assert.True(dot / Math.Sqrt(a * b) >= 0.999);
            positions++;
        }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(prompt.Length, positions);
    }

    [Fact]
    public async Task Decoding_allocates_nothing_per_token()
    {
        (int[] prompt, _) = Golden("Q8_0");
        using var engine = new NanoEngine("Q8_0");
        long fewer = await Allocated(engine, prompt, 200), more = await Allocated(engine, prompt, 600);
        // What an answer itself costs is in both; the 400 tokens between them may cost no more than the test's own waiting.
        Assert.True(more - fewer < 400 * 8, $"{more - fewer} bytes for 400 tokens");
    }

    private static async Task<long> Allocated(NanoEngine engine, int[] prompt, int tokens)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 4; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            TokenStream answer = engine.Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = Drawn with { MinTokens = tokens, MaxTokens = 600, StopTokens = [] } });
            int count = 0;
            await foreach (GeneratedToken _ in answer)
            {
                if (++count == tokens) break;
            }
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }

    private static (int[] Prompt, int[] Greedy) Golden(string type)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/nano/expected.json")));
        int[] prompt = [.. golden.RootElement.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32())];
        return (prompt, [.. golden.RootElement.GetProperty("types").GetProperty(type).GetProperty("greedy").EnumerateArray().Select(id => id.GetInt32())]);
    }

    private sealed class NanoEngine : IDisposable
    {
        private readonly GgufReader source;

        public NanoEngine(string type, int threads = 2, Func<EngineOptions, EngineOptions>? change = null)
        {
            source = GgufReader.Open(NanoGoldens.GgufPath(type));
            LlamaConfig config = LlamaConfig.From(source);
            var options = new EngineOptions { ContextLength = config.ContextLength, CacheTokens = 8192, CacheType = type == "F32" ? TensorType.F32 : TensorType.F16 };
            Engine = new Engine(new Llama(source, config, CpuBackend.Create(threads)), change?.Invoke(options) ?? options);
        }

        public Engine Engine { get; }

        public Task<int[]> Answer(int[] prompt, SamplingOptions sampling) => Collect(Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = sampling }));

        public static async Task<int[]> Collect(TokenStream answer)
        {
            var tokens = new List<int>();
            await foreach (GeneratedToken token in answer) tokens.Add(token.Token);
            return [.. tokens];
        }

        public void Dispose()
        {
            Engine.Dispose();
            source.Dispose();
        }
    }
}
