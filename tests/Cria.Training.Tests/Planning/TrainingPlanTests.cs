using Cria.Tensors;
using Cria.Training.Planning;
using Cria.Training.Ranks;

namespace Cria.Tests.Planning;

public class TrainingPlanTests
{
    private static readonly PlannedMachine Machine = new("test", 100e12, 80L << 30, 100e9, 3e9, 8) { Efficiency = 0.5, ElementBytes = 2 };
    private static readonly ModelShape EightB = ModelShape.Known.Single(shape => shape.Name == "8B");

    [Theory]
    [InlineData("1B", 1_235_814_400)]
    [InlineData("3B", 3_212_749_824)]
    [InlineData("8B", 8_030_261_248)]
    [InlineData("70B", 70_553_706_496)]
    [InlineData("405B", 405_853_388_800)]
    public void Sizes_have_the_published_numbers_of_weights(string name, long weights) => Assert.Equal(weights, ModelShape.Known.Single(shape => shape.Name == name).Weights);

    [Fact]
    public void Keys_and_values_of_a_token_are_what_goes_around()
    {
        // 8B in 16 bits: 128 KiB a token over all layers. A ring of 4 sends each rank's tokens 3 times forward, 3 times back, and 4 times gradients.
        TrainingPlan plan = TrainingPlan.For(EightB, new PlannedWork(65536, 1, 1, Recompute: false), Machine, new RankLayout(4));
        Assert.Equal(131072.0 * 16384 * 10, plan.RingBytes, 1);
        Assert.Equal(0, TrainingPlan.For(EightB, new PlannedWork(65536, 1, 1, false), Machine, new RankLayout()).RingBytes);
    }

    [Fact]
    public void More_tokens_a_rank_hide_the_ring_and_a_network_shows_it()
    {
        TrainingPlan inside = TrainingPlan.For(EightB, new PlannedWork(65536, 1, 1, true), Machine, new RankLayout(8));
        TrainingPlan outside = TrainingPlan.For(EightB, new PlannedWork(65536, 1, 1, true), Machine, new RankLayout(16));
        TrainingPlan longer = TrainingPlan.For(EightB, new PlannedWork(1048576, 1, 1, true), Machine, new RankLayout(16));
        Assert.InRange(inside.ShiftShare, 0, 1);
        Assert.True(outside.ShiftShare > 1 && outside.RingWaitSeconds > 0);
        // Blocks grow with the square of the tokens, messages with the tokens.
        Assert.Equal(outside.ShiftShare / 16, longer.ShiftShare, 1e-9);
    }

    [Fact]
    public void Work_is_divided_and_memory_falls()
    {
        var work = new PlannedWork(131072, 4, 2, true);
        TrainingPlan alone = TrainingPlan.For(EightB, work, Machine, new RankLayout()), shared = TrainingPlan.For(EightB, work, Machine, new RankLayout(4, 2));
        Assert.Equal(alone.Operations / 8, shared.Operations, alone.Operations * 1e-12);
        Assert.True(shared.MemoryBytes < alone.MemoryBytes);
    }

    [Fact]
    public void The_best_plan_fits_and_has_replicas_that_divide_the_batch()
    {
        var work = new PlannedWork(524288, 16, 1, true, ShardsWeights: true);
        TrainingPlan plan = TrainingPlan.Best(EightB, work, Machine, 512);
        Assert.Equal(512, plan.Layout.Count);
        Assert.Equal(0, 16 % plan.Layout.Replicas);
        Assert.True(plan.MemoryBytes <= Machine.MemoryBytes);
        Assert.Contains("cannot share", Assert.Throws<CriaException>(() => TrainingPlan.Best(EightB, work, Machine, 7, ulysses: 2)).Message, StringComparison.Ordinal);
    }
}
