namespace Cria.Generation;

/// <summary>One token of an answer.</summary>
/// <param name="Token">Id.</param>
/// <param name="LogProbability">ln p before temperature and filters; null unless asked for.</param>
/// <param name="Alternatives">The most probable tokens at this place, largest first; empty unless asked for.</param>
public readonly record struct GeneratedToken(int Token, float? LogProbability, IReadOnlyList<TokenProbability> Alternatives);
