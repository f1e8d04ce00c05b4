using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Training;
using Cria.Training.Data;

namespace Cria.Tests;

public sealed class TrainerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-trainer-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_resumed_run_gives_the_same_losses_bit_for_bit()
    {
        TrainingOptions options = Options() with { Steps = 8, Accumulation = 2 };
        string checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        double[] whole;
        using (var run = new Run(options))
        {
            whole = [.. Enumerable.Range(0, 8).Select(i =>
            {
                if (i == 5) run.Trainer.Save(checkpoint);
                return run.Trainer.Step().Loss;
            })];
        }
        using var resumed = new Run(options);
        resumed.Trainer.Load(checkpoint);
        Assert.Equal(5, resumed.Trainer.StepCount);
        Assert.Equal(whole[5..], Enumerable.Range(0, 3).Select(_ => resumed.Trainer.Step().Loss));
    }

    [Fact]
    public void Two_half_batches_accumulated_are_one_whole()
    {
        using var whole = new Run(Options() with { BatchRows = 4 });
        using var halves = new Run(Options() with { BatchRows = 2, Accumulation = 2 });
        for (int i = 0; i < 3; i++) Assert.Equal(whole.Trainer.Step().Loss, halves.Trainer.Step().Loss, 1e-5);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_and_names_the_step()
    {
        using var run = new Run(Options());
        run.Trainer.Step();
        run.Backend.Parameters[3].Row(0)[0] = float.NaN;
        Assert.StartsWith("step 2: the loss is NaN", Assert.Throws<CriaException>(() => run.Trainer.Step()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_explodes_stops_and_names_the_step()
    {
        using var run = new Run(Options() with { LearningRate = 30, ClipNorm = 0 });
        CriaException stopped = Assert.Throws<CriaException>(() =>
        {
            for (int i = 0; i < 20; i++) run.Trainer.Step();
        });
        Assert.Matches("^step [0-9]+: the loss (is|exploded)", stopped.Message);
    }

    [Fact]
    public void A_checkpoint_of_another_seed_or_other_data_or_a_damaged_one_is_refused()
    {
        string path = Path.Combine(folder, "checkpoint.safetensors");
        using (var run = new Run(Options())) run.Trainer.Save(path);
        using (var other = new Run(Options() with { Seed = 9 })) Assert.Contains("seed 1", Assert.Throws<CriaException>(() => other.Trainer.Load(path)).Message, StringComparison.Ordinal);
        using (var other = new Run(Options(), documents: 5)) Assert.Contains("other documents", Assert.Throws<CriaException>(() => other.Trainer.Load(path)).Message, StringComparison.Ordinal);
        using (var other = new Run(Options() with { RowLength = 33 })) Assert.Contains("another length", Assert.Throws<CriaException>(() => other.Trainer.Load(path)).Message, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        using var again = new Run(Options());
        Assert.Throws<CriaException>(() => again.Trainer.Load(path));
    }

    [Fact]
    public void Bfloat16_products_learn_as_floats_do()
    {
        using var floats = new Run(Options());
        using var brain = new Run(Options(), roundToBrain: true);
        Assert.SkipUnless(brain.Backend.RoundsToBrain, "this processor has no bfloat16 products");
        for (int i = 0; i < 5; i++) Assert.Equal(floats.Trainer.Step().Loss, brain.Trainer.Step().Loss, 0.05);
    }

    [Theory]
    [InlineData(Schedule.Constant, 1, 1)]
    [InlineData(Schedule.Linear, 0.55, 0.1)]
    [InlineData(Schedule.Cosine, 0.55, 0.1)]
    public void Rates_rise_in_the_warm_up_and_follow_the_schedule(Schedule schedule, double middle, double last)
    {
        TrainingOptions options = Options() with { Steps = 110, WarmupSteps = 10, LearningRate = 2, Schedule = schedule };
        Assert.Equal(0.2, options.RateOf(0), 1e-9);
        Assert.Equal(2, options.RateOf(9), 1e-9);
        Assert.Equal(2, options.RateOf(10), 1e-9);
        Assert.Equal(2 * middle, options.RateOf(60), 1e-9);
        Assert.Equal(2 * last, options.RateOf(110), 1e-9);
    }

    private static TrainingOptions Options() => new() { Steps = 20, BatchRows = 2, RowLength = 32, LearningRate = 1e-3, Seed = 1 };

    private sealed class Run : IDisposable
    {
        private readonly GoldenModel golden;

        public Run(TrainingOptions options, bool roundToBrain = false, int documents = 4)
        {
            Backend = RecordingBackend.Create(new RecordingOptions { Threads = 2, RoundToBrain = roundToBrain });
            golden = new GoldenModel(Backend);
            Trainer = new Trainer(golden.Model, Backend, PackedBatches.ForTraining(Documents(documents), options.RowLength, options.Seed), null, options);
        }

        public RecordingBackend Backend { get; }

        public Trainer Trainer { get; }

        public void Dispose()
        {
            Trainer.Dispose();
            golden.Dispose();
        }

        private static ExampleStore Documents(int seed)
        {
            var random = new Random(seed);
            var store = new ExampleStore();
            for (int i = 0; i < 60; i++) store.Add([.. Enumerable.Range(0, random.Next(5, 30)).Select(_ => random.Next(256))]);
            return store;
        }
    }
}
