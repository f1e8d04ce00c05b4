using Cria.Evaluation;
using Cria.Packing;

namespace Cria.Cli.Benching;

/// <summary>One measured test.</summary>
/// <param name="Model">The model.</param>
/// <param name="Threads">Threads it ran on.</param>
/// <param name="Test">What was timed.</param>
/// <param name="Result">How fast it was.</param>
internal sealed record BenchRow(ModelSummary Model, int Threads, string Test, ThroughputResult Result);
