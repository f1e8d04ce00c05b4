namespace Cria.Training.Data;

/// <summary>Some of a source's documents.</summary>
/// <param name="source">The source.</param>
/// <param name="indices">Their numbers in it.</param>
public sealed class ExampleSubset(IExampleSource source, IReadOnlyList<int> indices) : IExampleSource
{
    /// <inheritdoc/>
    public int Count => indices.Count;

    /// <inheritdoc/>
    public TrainingExample this[int index] => source[indices[index]];

    /// <inheritdoc/>
    public int Length(int index) => source.Length(indices[index]);
}
