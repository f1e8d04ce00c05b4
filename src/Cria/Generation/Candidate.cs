namespace Cria.Generation;

/// <summary>A token that may be chosen.</summary>
/// <param name="Token">Id.</param>
/// <param name="Logit">(logit − largest) / temperature; at most 0.</param>
/// <param name="Weight">exp(Logit): probability up to a common factor.</param>
internal record struct Candidate(int Token, float Logit, float Weight)
{
    /// <summary>What a filter orders by: smaller is kept sooner, ties by id.</summary>
    public float Key { get; set; }

    public readonly bool Before(in Candidate other) => Key < other.Key || (Key == other.Key && Token < other.Token);
}
