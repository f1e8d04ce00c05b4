using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Training;
using Cria.Training.Data;
using Cria.Training.Ranks;

namespace Cria.Tests.Ranks;

/// <summary>Ranks that share sequences against one process that has them whole.</summary>
public class RingTests
{
    [Theory]
    [InlineData("plain", 2, 1, 1)]
    [InlineData("plain", 4, 1, 1)]
    [InlineData("masked", 2, 1, 1)]
    [InlineData("packed", 4, 1, 1)]
    [InlineData("packed", 1, 2, 1)]
    [InlineData("packed", 2, 2, 1)]
    [InlineData("packed", 1, 1, 2)]
    [InlineData("packed", 2, 1, 2)]
    // 48 tokens do not divide by 10: they are filled up to 50.
    [InlineData("masked", 5, 1, 1)]
    public void Loss_and_every_gradient_are_those_of_one_process(string kind, int ring, int replicas, int ulysses) =>
        Compare(golden => golden.Batch(kind), new RankLayout(ring, replicas, ulysses), recompute: false);

    [Theory]
    [InlineData(2, 1, false)]
    [InlineData(3, 1, true)]
    [InlineData(2, 2, true)]
    public void Long_rows_of_several_documents_are_shared_as_well(int ring, int ulysses, bool recompute) =>
        Compare(_ => Long(700, 431, 200), new RankLayout(ring, 1, ulysses), recompute);

    [Fact]
    public void Every_rank_computes_as_many_blocks()
    {
        long[] blocks = ThreadRanks.Run(4, world => Pass(world, new RankLayout(4), _ => Long(1024, 1024), recompute: false).Blocks);
        Assert.All(blocks, count => Assert.Equal(blocks[0], count));
        using RecordingBackend alone = RecordingBackend.Create(new RecordingOptions { Threads = 1 });
        using var golden = new GoldenModel(alone);
        new ModelPass(golden.Model, alone).Run(Long(1024, 1024), 1);
        alone.Backward();
        // The same blocks in all: 128 tokens a stretch are two whole ones.
        Assert.Equal(alone.AttentionBlockCount, blocks.Sum());
    }

    [Fact]
    public void Memory_for_activations_falls_as_ranks_are_added()
    {
        TrainingBatch Documents() => Long(16384, [.. Enumerable.Repeat(128, 128)]);
        long[] bytes = [.. new[] { 1, 2, 4 }.Select(ring => ThreadRanks.Run(ring, world => Pass(world, new RankLayout(ring), _ => Documents(), recompute: false).ScratchBytes).Max())];
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(", ", bytes.Select(count => $"{count / 1048576.0:F1} MiB"))} for rings of 1, 2, 4");
        // Memory is taken in blocks of 4 MiB, and logits of a few rows stay.
        Assert.InRange(bytes[1], bytes[0] / 2 * 0.9, bytes[0] / 2 * 1.2 + (8 << 20));
        Assert.InRange(bytes[2], bytes[0] / 4 * 0.9, bytes[0] / 4 * 1.2 + (8 << 20));
    }

    [Fact]
    public void Keys_far_apart_in_size_merge_without_overflow()
    {
        // Scores of the far half are hundreds above those of the near one, and the other way round.
        foreach (float factor in new[] { 30f, -30f })
        {
            (double alone, double[] shared) = Losses(backend =>
            {
                Parameter query = backend.Parameters.First(parameter => parameter.Name == "blk.0.attn_q.weight");
                for (int row = 0; row < query.Rows; row++)
                    foreach (ref float value in query.Row(row)) value *= factor;
            });
            Assert.All(shared, loss => Assert.True(double.IsFinite(loss)));
            Assert.Equal(alone, shared.Sum(), 1e-4 * Math.Abs(alone));
        }
    }

    [Fact]
    public void Ranks_that_were_given_other_options_are_told_in_what()
    {
        AggregateException failure = Assert.Throws<AggregateException>(() => ThreadRanks.Run(3, world =>
        {
            var ranks = new TrainingRanks(world, new RankLayout(3));
            ranks.Agree("model", "one");
            ranks.Agree("set of options", world.Rank == 2 ? "b" : "a");
            return 0;
        }));
        Assert.StartsWith("rank 2 has another set of options", failure.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_shared_is_refused()
    {
        Assert.Contains("mpirun -np 6", Assert.Throws<AggregateException>(() => ThreadRanks.Run(2, world => new TrainingRanks(world, new RankLayout(3, 2)))).InnerException!.Message, StringComparison.Ordinal);
        Assert.Contains("3 rows cannot be shared by 2 replicas", Assert.Throws<CriaException>(() => new RankLayout(1, 2).Check(3, 100, 4)).Message, StringComparison.Ordinal);
        Assert.Contains("3 ranks cannot share 4", Assert.Throws<CriaException>(() => new RankLayout(1, 1, 3).Check(1, 100, 4)).Message, StringComparison.Ordinal);
        Assert.Contains("too short", Assert.Throws<CriaException>(() => new RankLayout(8).Check(1, 15, 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_count_shares_of_heads_first_then_places_then_replicas()
    {
        var layout = new RankLayout(Ring: 3, Replicas: 2, Ulysses: 2);
        Assert.Equal(12, layout.Count);
        Assert.Equal((0, 0, 1), layout.At(1));
        Assert.Equal((0, 1, 0), layout.At(2));
        Assert.Equal((1, 2, 1), layout.At(11));
        Assert.Equal(24, layout.PaddedLength(13));
    }

    private static void Compare(Func<GoldenModel, TrainingBatch> batch, RankLayout layout, bool recompute)
    {
        using RecordingBackend alone = RecordingBackend.Create(new RecordingOptions { Threads = 1 });
        using var golden = new GoldenModel(alone);
        TrainingBatch whole = batch(golden);
        int targets = ModelPass.CountTargets(whole);
        double wanted = new ModelPass(golden.Model, alone).Run(whole, targets) / targets;
        alone.Backward();
        PassResult[] results = ThreadRanks.Run(layout.Count, world => Pass(world, layout, batch, recompute));
        Assert.Equal(wanted, results.Sum(result => result.Loss) / targets, 1e-5 * wanted);
        for (int i = 0; i < alone.Parameters.Count; i++)
        {
            Parameter parameter = alone.Parameters[i];
            float[] expected = parameter.GradientStretch(0, parameter.Rows).ToArray(), found = [.. results.SelectMany(result => result.Gradients[i])];
            double length = Math.Sqrt(expected.Sum(value => (double)value * value)), off = Math.Sqrt(expected.Zip(found, (a, b) => (double)(a - b) * (a - b)).Sum());
            Assert.True(off <= 1e-5 * length, $"{parameter.Name} is off by {off / length:E1} of its length");
        }
    }

    /// <summary>Losses of one process and of a ring of two, after a change of the weights.</summary>
    private static (double Alone, double[] Shared) Losses(Action<RecordingBackend> change)
    {
        using RecordingBackend alone = RecordingBackend.Create(new RecordingOptions { Threads = 1 });
        using var golden = new GoldenModel(alone);
        change(alone);
        return (new ModelPass(golden.Model, alone).Run(golden.Batch("plain"), 1), ThreadRanks.Run(2, world =>
        {
            var ranks = new TrainingRanks(world, new RankLayout(2));
            using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1, Ranks = ranks });
            using var model = new GoldenModel(backend);
            change(backend);
            return new ModelPass(model.Model, backend, ranks).Run(model.Batch("plain"), 1);
        }));
    }

    private sealed record PassResult(double Loss, float[][] Gradients, long Blocks, long ScratchBytes);

    /// <summary>Forward and backward on one of several ranks; the gradients are its share of the rows, summed over ranks.</summary>
    private static PassResult Pass(ICollectives world, RankLayout layout, Func<GoldenModel, TrainingBatch> batch, bool recompute)
    {
        var ranks = new TrainingRanks(world, layout);
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1, Ranks = ranks, Recompute = recompute });
        using var golden = new GoldenModel(backend);
        TrainingBatch whole = batch(golden);
        double loss = new ModelPass(golden.Model, backend, ranks).Run(whole, ModelPass.CountTargets(whole));
        backend.Backward();
        ranks.SumGradients(backend);
        return new PassResult(loss, [.. backend.Parameters.Select(parameter =>
        {
            (int first, int count) = ranks.Share.RowsOf(parameter.Rows);
            return parameter.GradientStretch(first, count).ToArray();
        })], backend.AttentionBlockCount, backend.ScratchBytes);
    }

    /// <summary>One row with documents of the given lengths, the same each time.</summary>
    private static TrainingBatch Long(int length, params int[] documents)
    {
        var random = new Random(7);
        var batch = new TrainingBatch(1, length);
        batch.Clear();
        int at = 0;
        foreach (int count in documents)
        {
            batch.Documents.Add(new DocumentSpan(at, count));
            for (int i = 0; i < count; i++, at++) (batch.Tokens[at], batch.Targets[at]) = (random.Next(256), random.Next(4) == 0 ? TrainingBatch.Ignored : random.Next(256));
        }
        return batch;
    }
}
