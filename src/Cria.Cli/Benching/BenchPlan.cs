using Cria.Tensors.Backends;

namespace Cria.Cli.Benching;

/// <summary>What <c>cria bench</c> is to measure.</summary>
/// <param name="ModelPath">The model file.</param>
/// <param name="Threads">Numbers of threads; 0 is one a physical core.</param>
/// <param name="Prompts">Lengths of prompts.</param>
/// <param name="Answers">Lengths of answers.</param>
/// <param name="Depths">Tokens already in the cache.</param>
/// <param name="Repetitions">Timed runs of each.</param>
/// <param name="KvTypes">How cached keys and values are kept.</param>
internal sealed record BenchPlan(string ModelPath, IReadOnlyList<int> Threads, IReadOnlyList<int> Prompts, IReadOnlyList<int> Answers, IReadOnlyList<int> Depths, int Repetitions, KvTypes KvTypes);
