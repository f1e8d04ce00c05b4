namespace Cria.TinyData.Passages;

/// <summary>Sentences that a passage has, in this order, and what may be asked about them.</summary>
internal sealed record Fact(IReadOnlyList<string> Sentences, IReadOnlyList<Ask> Asks);
