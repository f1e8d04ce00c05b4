namespace Cria.Generation;

/// <summary>A token and the natural logarithm of the probability the model gave it, before temperature and filters.</summary>
/// <param name="Token">Id.</param>
/// <param name="LogProbability">ln p; at most 0.</param>
public readonly record struct TokenProbability(int Token, float LogProbability);
