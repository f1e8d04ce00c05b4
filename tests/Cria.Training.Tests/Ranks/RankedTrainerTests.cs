using Cria.Tensors.Backends.Recording;
using Cria.Training;
using Cria.Training.Data;
using Cria.Training.Ranks;

namespace Cria.Tests.Ranks;

public sealed class RankedTrainerTests : IDisposable
{
    private const int Steps = 6;
    private readonly string folder = Directory.CreateTempSubdirectory("cria-ranks-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(1, 2, 2)]
    public void Several_ranks_learn_what_one_learns(int ring, int replicas, int ulysses)
    {
        double[] alone = Train(null, new RankLayout(), null, null, 0);
        double[][] shared = ThreadRanks.Run(ring * replicas * ulysses, world => Train(world, new RankLayout(ring, replicas, ulysses), null, null, 0));
        foreach (double[] losses in shared)
        {
            Assert.Equal(shared[0], losses);
            Assert.All(alone.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
        }
    }

    [Fact]
    public void A_checkpoint_of_two_ranks_goes_on_with_four_and_with_one()
    {
        string checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        double[] whole = ThreadRanks.Run(2, world => Train(world, new RankLayout(2), null, checkpoint, 0))[0];
        double[] four = ThreadRanks.Run(4, world => Train(world, new RankLayout(2, 2), checkpoint, null, 3))[0], one = Train(null, new RankLayout(), checkpoint, null, 3);
        Assert.Equal(Steps - 3, one.Length);
        Assert.All(whole[3..].Zip(one), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
        Assert.All(whole[3..].Zip(four), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
    }

    [Fact]
    public void The_optimizer_is_spread_over_the_ranks()
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1 });
        using var golden = new GoldenModel(backend);
        using var whole = new AdamWState(backend, 0.9, 0.95, 1e-8, 0);
        long sum = 0;
        for (int rank = 0; rank < 4; rank++)
        {
            using var part = new AdamWState(backend, 0.9, 0.95, 1e-8, 0, new RankShare(rank, 4));
            Assert.InRange(part.ByteCount, whole.ByteCount / 4 * 0.95, whole.ByteCount / 4 * 1.05);
            sum += part.ByteCount;
        }
        Assert.Equal(whole.ByteCount, sum);
    }

    /// <summary>Losses of the steps and of the validation data after the last; after the third step it is saved where asked.</summary>
    private static double[] Train(ICollectives? world, RankLayout layout, string? from, string? saveTo, int firstStep)
    {
        TrainingRanks? ranks = world is null ? null : new TrainingRanks(world, layout);
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1, Ranks = ranks });
        using var golden = new GoldenModel(backend);
        var options = new TrainingOptions { Steps = Steps, BatchRows = 2, RowLength = 40, Accumulation = 2, LearningRate = 1e-3, Seed = 1 };
        using var trainer = new Trainer(golden.Model, backend, PackedBatches.ForTraining(Documents(4), options.RowLength, options.Seed), PackedBatches.ForValidation(Documents(5), options.RowLength), options, ranks);
        if (from is not null) trainer.Load(from);
        Assert.Equal(firstStep, trainer.StepCount);
        var losses = new List<double>();
        while (trainer.StepCount < Steps)
        {
            if (saveTo is not null && trainer.StepCount == 3) trainer.Save(saveTo);
            losses.Add(trainer.Step().Loss);
        }
        losses[^1] += trainer.Evaluate()!.Value;
        return [.. losses];
    }

    private static ExampleStore Documents(int seed)
    {
        var random = new Random(seed);
        var store = new ExampleStore();
        for (int i = 0; i < 60; i++) store.Add([.. Enumerable.Range(0, random.Next(5, 38)).Select(_ => random.Next(256))]);
        return store;
    }
}
