namespace Cria.TinyData;

/// <summary>Somebody in a passage or a story.</summary>
internal sealed record Person(string Name, string She, string Her, string Hers)
{
    /// <summary>She or He, at the beginning of a sentence.</summary>
    public string CapitalShe => Words.Capital(She);
}
