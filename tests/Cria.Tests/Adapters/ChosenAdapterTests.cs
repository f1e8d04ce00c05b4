using Cria.Adapters;
using Cria.Tensors;

namespace Cria.Tests.Adapters;

/// <summary>Adapters that requests choose by name.</summary>
public sealed class ChosenAdapterTests : IDisposable
{
    private const int Rank = 6;
    private const string Config = """{"peft_type": "LORA", "r": 6, "lora_alpha": 12, "target_modules": ["q_proj"], "bias": "none"}""";

    private readonly string folder = Directory.CreateTempSubdirectory("cria-choice-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("F16")]
    public async Task Each_request_is_answered_with_its_adapter_whatever_runs_beside_it(string type)
    {
        string path = NanoGoldens.GgufPath(type);
        AdapterFile first = new(Peft(1)), second = new(Peft(2), 1.5);
        int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 90 + 30 * i).Select(token => (token * 37 + i) % 2000 + 5).ToArray())];
        var expected = new Dictionary<string, float?[][]>();
        foreach ((string name, AdapterFile[] adapters) in new[] { ("", Array.Empty<AdapterFile>()), ("first", [first]), ("second", [second]) })
        {
            using LanguageModel alone = LanguageModel.Load(path, new LoadOptions { Threads = 1, Adapters = adapters });
            expected[name] = [.. prompts.Select(prompt => Probabilities(alone.Generate(prompt, Options(null), TestContext.Current.CancellationToken)))];
        }
        Assert.NotEqual(expected[""][0], expected["first"][0]);
        Assert.NotEqual(expected["second"][0], expected["first"][0]);

        using LanguageModel model = LanguageModel.Load(path, new LoadOptions { Threads = 2, NamedAdapters = [new("first", first), new("second", second)] });
        Assert.Equal(["first", "second"], model.AdapterNames);
        // The second time the prompts are known, under each adapter for itself.
        for (int round = 0; round < 2; round++)
        {
            await Task.WhenAll(expected.SelectMany(entry => prompts.Select(async (prompt, i) =>
            {
                Answer answer = await model.GenerateAsync(prompt, Options(entry.Key.Length == 0 ? null : entry.Key), TestContext.Current.CancellationToken).ToAnswerAsync(TestContext.Current.CancellationToken);
                Assert.Equal(entry.Value[i], Probabilities(answer));
            })));
        }
    }

    [Fact]
    public void Adapters_that_are_not_there_are_named_with_those_that_are()
    {
        string path = NanoGoldens.GgufPath("Q8_0");
        var adapter = new NamedAdapter("first", new(Peft(1)));
        using LanguageModel model = LanguageModel.Load(path, new LoadOptions { NamedAdapters = [adapter] });
        Assert.Equal("there is no adapter 'third'; there are first", Assert.Throws<CriaException>(() => model.Generate("a", Options("third"), TestContext.Current.CancellationToken)).Message);
        Assert.Contains("two adapters have one name", Assert.Throws<CriaException>(() => LanguageModel.Load(path, new LoadOptions { NamedAdapters = [adapter, adapter] })).Message, StringComparison.Ordinal);
    }

    private static GenerationOptions Options(string? adapter) => new() { Adapter = adapter, Temperature = 1, Seed = 3, MaxTokens = 24, StopTokens = [], LogProbabilities = 0 };

    private static float?[] Probabilities(Answer answer) => [.. answer.Tokens.Select(token => token.LogProbability)];

    private string Peft(int seed) => AdapterFixture.WritePeft(Path.Combine(folder, Guid.NewGuid().ToString("N")), AdapterFixture.Factors(seed, Rank), Rank, Config);
}
