namespace Cria.Packing;

/// <summary>How far the inputs of a model's matrices reach: the largest magnitude of each column, measured on text. Keys are names such as <c>blk.0.attn_q.weight</c>.</summary>
public sealed class InputRanges(IReadOnlyDictionary<string, float[]> largest)
{
    /// <summary>Names with their columns' largest magnitudes.</summary>
    public IReadOnlyDictionary<string, float[]> Largest { get; } = largest;
}
