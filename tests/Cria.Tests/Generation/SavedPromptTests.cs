using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Tests.Generation;

/// <summary>Prompts saved to files and loaded again.</summary>
[Collection(nameof(ModelRuns))]
public sealed class SavedPromptTests : IDisposable
{
    private static readonly GenerationOptions Drawn = new() { Temperature = 1, TopP = 0.95f, Seed = 7, MaxTokens = 30, MinTokens = 30 };

    private readonly string folder = Directory.CreateTempSubdirectory("cria-prompts-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("F32", 200)]
    [InlineData("F16", 128)]
    [InlineData("I16", 131)]
    [InlineData("I8", 131)]
    [InlineData("Q8_0", 131)]
    [InlineData("Q4_0", 63)]
    public async Task A_loaded_prompt_goes_on_as_the_computed_one_did(string type, int length)
    {
        string path = Path.Combine(folder, "prompt.kv");
        int[] prompt = Prompt(length);
        string[] expected;
        using (LanguageModel model = Load(Enum.Parse<TensorType>(type)))
        {
            SavedPrompt saved = await model.SavePromptAsync(prompt, path, "a story", Cancellation);
            Assert.Equal(new FileInfo(path).Length, saved.ByteCount);
            expected = [(await Answer(model, prompt)).Text, (await Answer(model, [.. prompt, 5, 6])).Text];
        }
        using LanguageModel other = Load(Enum.Parse<TensorType>(type));
        SavedPrompt loaded = await other.LoadPromptAsync(path);
        Assert.Equal("a story", loaded.Name);
        Assert.True(prompt.SequenceEqual(loaded.Tokens));
        Answer longer = await Answer(other, [.. prompt, 5, 6]), same = await Answer(other, prompt);
        Assert.Equal(expected[0], same.Text);
        Assert.Equal(expected[1], longer.Text);
        Assert.Equal(length, longer.Usage.CachedTokens);
        Assert.Equal(length - 1, same.Usage.CachedTokens);
    }

    [Fact]
    public async Task The_file_is_the_same_whatever_else_was_computed()
    {
        string first = Path.Combine(folder, "first.kv"), second = Path.Combine(folder, "second.kv");
        int[] prompt = Prompt(100);
        using (LanguageModel model = Load(TensorType.Q8_0)) await model.SavePromptAsync(prompt, first, "x", Cancellation);
        using (LanguageModel model = Load(TensorType.Q8_0))
        {
            // The page of the prompt's last tokens goes on with those of another prompt, which must not get into the file.
            await Answer(model, [.. prompt, 9, 8, 7]);
            await model.SavePromptAsync(prompt, second, "x", Cancellation);
        }
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public async Task What_was_computed_otherwise_is_refused_by_name()
    {
        string path = Path.Combine(folder, "prompt.kv");
        using (LanguageModel model = Load(TensorType.F16)) await model.SavePromptAsync(Prompt(70), path, null, Cancellation);
        await Refused("another rotary base", NanoGoldens.GgufPath("Q8_0"), new LoadOptions { Threads = 2, RopeTheta = 12345 });
        await Refused("another model", NanoGoldens.GgufPath("Q6_K"), new LoadOptions { Threads = 2 });
        await Refused("-ctk f16 -ctv f16", NanoGoldens.GgufPath("Q8_0"), new LoadOptions { Threads = 2, KvType = TensorType.Q8_0 });
        await Refused("more than the context of 64", NanoGoldens.GgufPath("Q8_0"), new LoadOptions { Threads = 2, ContextLength = 64, KvType = TensorType.F16 });

        async Task Refused(string why, string file, LoadOptions options)
        {
            using LanguageModel model = LanguageModel.Load(file, options);
            Assert.Contains(why, (await Assert.ThrowsAsync<CriaException>(() => model.LoadPromptAsync(path))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Damaged_files_are_refused_in_one_line_and_leave_the_cache_as_it_was()
    {
        string path = Path.Combine(folder, "prompt.kv"), damaged = Path.Combine(folder, "damaged.kv");
        using LanguageModel model = Load(TensorType.Q4_0);
        await model.SavePromptAsync(Prompt(70), path, null, Cancellation);
        byte[] whole = File.ReadAllBytes(path);
        string expected = (await Answer(model, Prompt(80))).Text;
        // After this one the numbers below are up to date.
        File.WriteAllBytes(damaged, [.. whole[..^1], (byte)~whole[^1]]);
        Assert.Contains("have changed", (await Assert.ThrowsAsync<CriaException>(() => model.LoadPromptAsync(damaged))).Message, StringComparison.Ordinal);
        long used = model.Engine.Statistics.UsedPages;
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = [.. whole];
            switch (round % 4)
            {
                // Most of the file is pages: half of the changes go to what stands before them.
                case 0: bytes[random.Next(700)] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes = bytes[..random.Next(bytes.Length)]; break;
                default: random.NextBytes(bytes.AsSpan(8 + random.Next(600), 1 + random.Next(40))); break;
            }
            if (bytes.AsSpan().SequenceEqual(whole)) continue;
            File.WriteAllBytes(damaged, bytes);
            CriaException failure = await Assert.ThrowsAsync<CriaException>(() => model.LoadPromptAsync(damaged));
            Assert.DoesNotContain('\n', failure.Message);
            Assert.StartsWith(damaged, failure.Message, StringComparison.Ordinal);
        }
        Assert.Equal(used, model.Engine.Statistics.UsedPages);
        Assert.Equal(expected, (await Answer(model, Prompt(80))).Text);
        Assert.Contains("cannot be read", (await Assert.ThrowsAsync<CriaException>(() => model.LoadPromptAsync(Path.Combine(folder, "absent.kv")))).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be written", (await Assert.ThrowsAsync<CriaException>(() => model.SavePromptAsync(Prompt(70), Path.Combine(folder, "no", "such.kv"), null, Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_is_cleared_from_a_position_on_and_not_before()
    {
        foreach (TensorType type in KvTypes.Known)
        {
            var layout = new KvLayout(1, 2, 32, type);
            byte[] page = new byte[layout.PageBytes];
            Array.Fill(page, (byte)0xff);
            layout.ClearFrom(page, 21);
            Assert.Equal(layout.PageBytes / 64 * 21, page.Count(value => value == 0xff));
            layout.ClearFrom(page, 0);
            Assert.DoesNotContain((byte)0xff, page);
        }
    }

    private static LanguageModel Load(TensorType type) => LanguageModel.Load(NanoGoldens.GgufPath("Q8_0"), new LoadOptions { Threads = 2, KvType = type });

    private static int[] Prompt(int length) => [.. Enumerable.Range(0, length).Select(i => 3 + i * 7 % 250)];

    private static Task<Answer> Answer(LanguageModel model, int[] prompt) => model.GenerateAsync(prompt, Drawn, Cancellation).ToAnswerAsync(Cancellation);
}
