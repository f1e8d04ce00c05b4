namespace Cria.Packing;

/// <summary>How strongly a model's inputs use the columns of one matrix.</summary>
/// <param name="SumOfSquares">Sum of the squared input of each column.</param>
/// <param name="Count">How many inputs were summed.</param>
public sealed record ImportanceEntry(float[] SumOfSquares, float Count)
{
    /// <summary>The mean square of each column's input; 1 everywhere when nothing was summed.</summary>
    public float[] Mean { get; } = Count > 0 ? Array.ConvertAll(SumOfSquares, sum => sum / Count) : Array.ConvertAll(SumOfSquares, _ => 1f);
}
