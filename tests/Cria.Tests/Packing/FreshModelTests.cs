using System.Runtime.InteropServices;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;
using Cria.Tokenization.Training;

namespace Cria.Tests.Packing;

public sealed class FreshModelTests : IDisposable
{
    private static readonly FreshModelOptions Small = new() { HiddenSize = 128, LayerCount = 8, HeadCount = 4, KeyValueHeadCount = 2, FeedForwardSize = 352, ContextLength = 256, Tied = true, Seed = 5 };

    private readonly string folder = Directory.CreateTempSubdirectory("cria-new-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_fresh_model_has_the_shape_asked_for_and_speaks()
    {
        string path = Write("a.gguf", Small);
        using (ITensorSource source = ModelSource.Open(path))
        {
            LlamaConfig config = LlamaConfig.From(source);
            Assert.Equal((128, 8, 4, 2, 32, 352, 256L, 500000.0), (config.HiddenSize, config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.HeadSize, config.FeedForwardSize, config.ContextLength, config.RopeTheta));
            Assert.False(source.TryGet("output.weight", out _));
        }
        using LanguageModel model = LanguageModel.Load(path, new LoadOptions { Threads = 1 });
        Assert.True(model.Template.IsOwn);
        Assert.Equal(8, model.Chat("Who are you?", new GenerationOptions { MaxTokens = 8, MinTokens = 8 }, TestContext.Current.CancellationToken).Usage.GeneratedTokens);
    }

    [Fact]
    public void Weights_are_nearly_normal_with_the_deviation_of_their_role()
    {
        using ITensorSource source = ModelSource.Open(Write("b.gguf", Small with { Tied = false }));
        double spread = Math.Sqrt(0.4 / 128);
        foreach ((string name, double expected) in new[] { ("token_embd", spread), ("output", spread), ("blk.3.attn_q", spread), ("blk.7.ffn_up", spread), ("blk.3.attn_output", spread / 4), ("blk.0.ffn_down", spread / 4) })
        {
            float[] values = Values(source, name + ".weight");
            double mean = values.Average(value => (double)value), deviation = Math.Sqrt(values.Average(value => (double)value * value));
            Assert.InRange(mean / expected, -0.03, 0.03);
            Assert.InRange(deviation / expected, 0.97, 1.03);
            Assert.InRange(values.Count(value => Math.Abs(value) < expected) / (double)values.Length, 0.65, 0.70);
        }
        Assert.All(Values(source, "blk.2.ffn_norm.weight"), value => Assert.Equal(1f, value));
        Assert.NotEqual(Values(source, "blk.0.attn_k.weight"), Values(source, "blk.1.attn_k.weight"));
    }

    [Fact]
    public void The_seed_alone_decides_the_weights()
    {
        byte[] first = File.ReadAllBytes(Write("same.gguf", Small));
        Assert.Equal(first, File.ReadAllBytes(Write("same.gguf", Small)));
        Assert.NotEqual(first, File.ReadAllBytes(Write("same.gguf", Small with { Seed = 6 })));
    }

    [Fact]
    public void Any_file_with_a_vocabulary_will_do()
    {
        string tiktoken = Path.Combine(folder, "tokenizer.model");
        VocabularyFile.Write(tiktoken, Vocabulary());
        VocabularyFile.Write(Path.Combine(folder, "vocabulary.gguf"), Vocabulary());
        IReadOnlyDictionary<string, object> expected = VocabularyFile.Read(Path.Combine(folder, "vocabulary.gguf"));
        foreach (string path in new[] { tiktoken, folder })
        {
            IReadOnlyDictionary<string, object> read = VocabularyFile.Read(path);
            Assert.Equal(expected.Keys.Order(), read.Keys.Order());
            foreach ((string key, object value) in expected)
                Assert.Equal(value is long number ? (ulong)number : value, read[key]);
        }
    }

    [Theory]
    [InlineData(120, 4, 2, 352, "head size of 30")]
    [InlineData(128, 3, 1, 352, "cannot be shared by 3 heads")]
    [InlineData(128, 4, 3, 352, "cannot share 3 key-value heads")]
    [InlineData(128, 4, 4, 350, "feed-forward size of 350")]
    [InlineData(0, 4, 4, 352, "hidden size of 0")]
    public void A_shape_that_no_llama_has_is_refused(int hidden, int heads, int keyValueHeads, int feedForward, string expected)
    {
        var options = Small with { HiddenSize = hidden, HeadCount = heads, KeyValueHeadCount = keyValueHeads, FeedForwardSize = feedForward };
        Assert.Contains(expected, Assert.Throws<CriaException>(() => new FreshModel(options, Vocabulary().ToMetadata())).Message, StringComparison.Ordinal);
    }

    private static BytePairTokenizer Vocabulary() => BytePairTrainer.Train(["the cat sat on the mat"], new BytePairTrainerOptions { VocabularySize = 600, MinimumCount = 1 }, TestContext.Current.CancellationToken);

    private static float[] Values(ITensorSource source, string name)
    {
        Assert.True(source.TryGet(name, out TensorInfo info));
        return MemoryMarshal.Cast<byte, float>(source.View(info).RowRange(0, info.Rows)).ToArray();
    }

    private string Write(string name, FreshModelOptions options)
    {
        string path = Path.Combine(folder, name), vocabulary = Path.Combine(folder, "v.gguf");
        VocabularyFile.Write(vocabulary, Vocabulary());
        new FreshModel(options, VocabularyFile.Read(vocabulary)).Write(path);
        return path;
    }
}
