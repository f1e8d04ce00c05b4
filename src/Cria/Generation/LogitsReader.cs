namespace Cria.Generation;

/// <summary>Receives the logits [vocabulary] that follow position <paramref name="position"/>: what the network predicts for the token after it. Valid during the call only.</summary>
/// <param name="position">Position in the evaluated tokens, from 0.</param>
/// <param name="logits">One value for each token of the vocabulary.</param>
public delegate void LogitsReader(int position, ReadOnlySpan<float> logits);
