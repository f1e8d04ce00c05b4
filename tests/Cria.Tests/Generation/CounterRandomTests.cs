using Cria.Generation;

namespace Cria.Tests.Generation;

public class CounterRandomTests
{
    [Fact]
    public void Matches_the_published_test_vectors()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), CounterRandom.Block(0, 0, 0, 0, 0, 0));
        Assert.Equal((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu), CounterRandom.Block(~0u, ~0u, ~0u, ~0u, ~0u, ~0u));
        Assert.Equal((0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u), CounterRandom.Block(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    [Fact]
    public void Draws_are_uniform_and_differ_by_seed_sequence_and_step()
    {
        int[] bins = new int[20];
        var seen = new HashSet<double>();
        for (ulong i = 0; i < 20_000; i++)
        {
            double draw = CounterRandom.Uniform(42, i % 7, i / 7);
            Assert.InRange(draw, 0, 0.9999999999999999);
            Assert.True(seen.Add(draw));
            bins[(int)(draw * 20)]++;
        }
        Assert.All(bins, count => Assert.InRange(count, 850, 1150));
        Assert.NotEqual(CounterRandom.Uniform(1, 0, 0), CounterRandom.Uniform(2, 0, 0));
    }
}
