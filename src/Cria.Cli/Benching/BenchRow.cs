using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors.Kernels;

namespace Cria.Cli.Benching;

/// <summary>One measured test.</summary>
/// <param name="Model">The model.</param>
/// <param name="Threads">Threads it ran on.</param>
/// <param name="Test">What was timed.</param>
/// <param name="Result">How fast it was.</param>
/// <param name="Limit">What bounds such a test on this machine, measured between its runs.</param>
internal sealed record BenchRow(ModelSummary Model, int Threads, string Test, ThroughputResult Result, BenchLimit Limit);

/// <summary>
/// A limit of the machine and the share of it that a test reached: of each run against the better of the limits measured right before and after it, the median of all runs.
/// Speeds of a machine that others use change within seconds; a limit measured once can be far from what a run had.
/// </summary>
/// <param name="Name">What is limited, with the limit itself.</param>
/// <param name="Share">Reached share, 1 for all.</param>
internal readonly record struct BenchLimit(string Name, double Share)
{
    /// <summary>A prompt against the multiply-add peak of the kind its weights use.</summary>
    /// <param name="result">The runs.</param>
    /// <param name="measured">The machine's limits before the first run and after each.</param>
    /// <param name="isQuantized">True for products of 8-bit integers.</param>
    public static BenchLimit OfPrompt(ThroughputResult result, IReadOnlyList<MachineLimits> measured, bool isQuantized)
    {
        (double peak, double share) = Reached(result, result.Work.MultiplyAdds, [.. measured.Select(limits => isQuantized ? limits.Int8MultiplyAddsPerSecond : limits.FloatMultiplyAddsPerSecond)]);
        return new BenchLimit(FormattableString.Invariant($"{(isQuantized ? "int8" : "f32")} {peak / 1e9:0} GMAC/s"), share);
    }

    /// <summary>An answer against the speed of reading memory.</summary>
    /// <param name="result">The runs.</param>
    /// <param name="measured">The machine's limits before the first run and after each.</param>
    public static BenchLimit OfAnswer(ThroughputResult result, IReadOnlyList<MachineLimits> measured)
    {
        (double speed, double share) = Reached(result, result.Work.BytesRead, [.. measured.Select(limits => limits.ReadBytesPerSecond)]);
        return new BenchLimit(FormattableString.Invariant($"read {speed / 1e9:0.0} GB/s"), share);
    }

    private static (double Limit, double Share) Reached(ThroughputResult result, double work, double[] measured)
    {
        double[] limits = [.. measured.Zip(measured.Skip(1), Math.Max)];
        return (ThroughputResult.Median(limits), ThroughputResult.Median(result.Seconds.Zip(limits, (seconds, limit) => work / seconds / limit)));
    }
}
