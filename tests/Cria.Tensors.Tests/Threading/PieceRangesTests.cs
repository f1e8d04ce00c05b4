using Cria.Tensors.Threading;

namespace Cria.Tensors.Tests.Threading;

public sealed class PieceRangesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 8)]
    [InlineData(64, 8)]
    [InlineData(2004, 8)]
    public async Task Every_piece_is_taken_once_by_workers_at_once(int pieces, int most)
    {
        const int workers = 3;
        var ranges = new PieceRanges(workers);
        for (int round = 0; round < 50; round++)
        {
            ranges.Share(pieces);
            var taken = new int[pieces];
            await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() =>
            {
                while (ranges.TryTake(worker, most, out int first, out int count))
                {
                    Assert.InRange(count, 1, most);
                    for (int i = first; i < first + count; i++) Interlocked.Increment(ref taken[i]);
                }
            }, TestContext.Current.CancellationToken)));
            Assert.All(taken, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void A_stretch_is_taken_in_order_many_pieces_at_first_and_one_by_one_at_its_end()
    {
        var ranges = new PieceRanges(2);
        ranges.Share(64);
        var counts = new List<int>();
        int expected = 0;
        while (expected < 32)
        {
            Assert.True(ranges.TryTake(0, 8, out int first, out int count));
            Assert.Equal(expected, first);
            expected += count;
            counts.Add(count);
        }
        Assert.Equal(8, counts[0]);
        Assert.Equal(1, counts[^1]);
        // The other's stretch, from its beginning, one piece at a time.
        Assert.True(ranges.TryTake(0, 8, out int stolen, out int one));
        Assert.Equal((32, 1), (stolen, one));
    }
}
