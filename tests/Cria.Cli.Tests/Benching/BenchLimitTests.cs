using Cria.Cli.Benching;
using Cria.Evaluation;
using Cria.Tensors.Kernels;

namespace Cria.Cli.Tests.Benching;

public sealed class BenchLimitTests
{
    [Fact]
    public void Each_run_stands_against_the_better_limit_beside_it()
    {
        // Runs of 100, 50 and 80 bytes a second; limits beside them 200, 100 and 100: shares of 0.5, 0.5 and 0.8.
        var result = new ThroughputResult(Tokens: 1, [1, 2, 1.25], new ThroughputWork(0, 100));
        var limit = BenchLimit.OfAnswer(result, [Read(200), Read(100), Read(40), Read(100)]);
        Assert.Equal(0.5, limit.Share, 1e-12);
        Assert.Equal("read 0.0 GB/s", limit.Name);
    }

    [Fact]
    public void A_machine_that_slows_down_with_the_run_leaves_its_share()
    {
        var result = new ThroughputResult(Tokens: 1, [1, 4], new ThroughputWork(30e9, 0));
        var limit = BenchLimit.OfPrompt(result, [Products(50e9), Products(50e9), Products(12.5e9)], isQuantized: true);
        // 30 of 50, then 7.5 of the 50 measured before it: limits on both sides count.
        Assert.Equal((0.6 + 0.15) / 2, limit.Share, 1e-12);
        Assert.Equal("int8 50 GMAC/s", limit.Name);
        limit = BenchLimit.OfPrompt(result, [Products(50e9), Products(12.5e9), Products(12.5e9)], isQuantized: true);
        Assert.Equal(0.6, limit.Share, 1e-12);
    }

    private static MachineLimits Read(double bytes) => new(1, bytes, 0, "", 0, 0);

    private static MachineLimits Products(double multiplyAdds) => new(1, 0, multiplyAdds, "", 0, 0);
}
