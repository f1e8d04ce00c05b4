using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors.Kernels;

namespace Cria.Cli.Benching;

/// <summary>One measured test.</summary>
/// <param name="Model">The model.</param>
/// <param name="Threads">Threads it ran on.</param>
/// <param name="Test">What was timed.</param>
/// <param name="Result">How fast it was.</param>
/// <param name="Limit">What bounds such a test on this machine, measured in the same run.</param>
internal sealed record BenchRow(ModelSummary Model, int Threads, string Test, ThroughputResult Result, BenchLimit Limit);

/// <summary>A limit of the machine and the share of it that a test reached.</summary>
/// <param name="Name">What is limited, with the limit itself.</param>
/// <param name="Share">Reached share, 1 for all.</param>
internal readonly record struct BenchLimit(string Name, double Share)
{
    /// <summary>A prompt against the multiply-add peak of the kind its weights use.</summary>
    public static BenchLimit OfPrompt(ThroughputResult result, MachineLimits limits, bool isQuantized)
    {
        double peak = isQuantized ? limits.Int8MultiplyAddsPerSecond : limits.FloatMultiplyAddsPerSecond;
        return new BenchLimit(FormattableString.Invariant($"{(isQuantized ? "int8" : "f32")} {peak / 1e9:0} GMAC/s"), result.MultiplyAddsPerSecond / peak);
    }

    /// <summary>An answer against the speed of reading memory.</summary>
    public static BenchLimit OfAnswer(ThroughputResult result, MachineLimits limits) =>
        new(FormattableString.Invariant($"read {limits.ReadBytesPerSecond / 1e9:0.0} GB/s"), result.BytesPerSecond / limits.ReadBytesPerSecond);
}
