using Cria.Corpora;
using Cria.Evaluation.Positions;
using Cria.Generation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tests.Evaluation.Positions;

/// <summary>Loss by position, against the logits of the engine.</summary>
public sealed class PositionMeasurementTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-positions-").FullName;

    private static string Tiny => SharedData.ShippedModel;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Losses_are_those_of_the_engines_logits()
    {
        using LanguageModel model = LanguageModel.Load(Tiny, new LoadOptions { Threads = 1 });
        IReadOnlyList<int[]> documents = LongDocuments.Take(Write(2), model.Tokenizer, 700, 2, joins: false, TestContext.Current.CancellationToken);
        var expected = new double[699];
        double[] means = [0, 0];
        for (int d = 0; d < 2; d++)
        {
            float[][] logits = model.Evaluate(documents[d], TestContext.Current.CancellationToken);
            for (int i = 0; i < 699; i++)
            {
                double loss = Math.Log(logits[i].Sum(value => Math.Exp(value))) - logits[i][documents[d][i + 1]];
                expected[i] += loss / 2;
                means[d] += loss / 699;
            }
        }
        using ITensorSource source = ModelSource.Open(Tiny);
        using var measurement = new PositionMeasurement(source, documents, stretches: 4, threads: 1);
        PositionLosses losses = measurement.Run(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(2 * 699, losses.Tokens);
        Assert.Equal(losses.Tokens, losses.Stretches.Sum(stretch => 2 * (stretch.To - stretch.From)));
        Assert.Equal([0, 174, 349, 524], losses.Stretches.Select(stretch => stretch.From));
        foreach (PositionLoss stretch in losses.Stretches) Assert.Equal(expected[stretch.From..stretch.To].Average(), stretch.Loss, 1e-4);
        Assert.Equal(means.Average(), losses.Mean.Value, 1e-4);
        Assert.Equal(Math.Abs(means[0] - means[1]) / 2, losses.Mean.Error, 1e-4);
    }

    [Fact]
    public async Task Exchanged_frequencies_are_those_of_a_model_with_that_base()
    {
        using ITensorSource source = ModelSource.Open(Tiny);
        LlamaConfig config = LlamaConfig.From(source);
        IReadOnlyList<int[]> documents = LongDocuments.Take(Write(1), Cria.Tokenization.Tokenizer.FromMetadata(source.Metadata), 300, 1, joins: false, TestContext.Current.CancellationToken);
        using var measurement = new PositionMeasurement(source, documents, threads: 1);
        double own = measurement.Run(cancellationToken: TestContext.Current.CancellationToken).Mean.Value;
        measurement.Rope = RopeFrequencies.Create(config.HeadSize, 90000, RopeScaling.None);
        double other = measurement.Run(cancellationToken: TestContext.Current.CancellationToken).Mean.Value;
        using LanguageModel model = LanguageModel.Load(Tiny, new LoadOptions { Threads = 1, RopeTheta = 90000 });
        double sum = 0;
        await model.EvaluateAsync(documents[0], (position, logits) => sum += position < 299 ? LogitScan.Loss(logits, documents[0][position + 1]) : 0, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(sum / 299, other, 1e-9);
        Assert.NotEqual(own, other);
        measurement.Rope = RopeFrequencies.Create(config.HeadSize, config.RopeTheta, config.RopeScaling);
        Assert.Equal(own, measurement.Run(cancellationToken: TestContext.Current.CancellationToken).Mean.Value);
    }

    [Fact]
    public void Texts_that_are_too_short_are_joined_or_refused()
    {
        using ITensorSource source = ModelSource.Open(Tiny);
        var tokenizer = Cria.Tokenization.Tokenizer.FromMetadata(source.Metadata);
        Corpus corpus = Write(6);
        int[] joined = Assert.Single(LongDocuments.Take(corpus, tokenizer, 3000, 4, joins: true, TestContext.Current.CancellationToken));
        Assert.Equal(3000, joined.Length);
        Assert.Equal(tokenizer.Bos, joined[0]);
        Assert.Equal(6, LongDocuments.Take(corpus, tokenizer, 300, 100, joins: false, TestContext.Current.CancellationToken).Count);
        Assert.Contains("--join", Assert.Throws<CriaException>(() => LongDocuments.Take(corpus, tokenizer, 3000, 1, joins: false, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Contains("together", Assert.Throws<CriaException>(() => LongDocuments.Take(corpus, tokenizer, 100000, 1, joins: true, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    /// <summary>Texts of some 800 tokens each.</summary>
    private Corpus Write(int count)
    {
        string[] words = "the cat and a dog went to see what was in the old house by the sea when it began to rain".Split(' ');
        for (int i = 0; i < count; i++)
        {
            var random = new Random(i);
            File.WriteAllText(Path.Combine(folder, $"{i}.txt"), string.Join(' ', Enumerable.Range(0, 800).Select(_ => words[random.Next(words.Length)])));
        }
        return Corpus.Open([folder]);
    }
}
