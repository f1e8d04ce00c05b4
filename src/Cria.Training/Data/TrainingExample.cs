namespace Cria.Training.Data;

/// <summary>One document to learn from: a text, or a conversation as its template renders it, special tokens included.</summary>
/// <param name="Tokens">Its tokens.</param>
/// <param name="InLoss">For each token whether the model shall learn to say it; null: all. The first token has nothing before it and is never learnt.</param>
public sealed record TrainingExample(int[] Tokens, bool[]? InLoss = null);
