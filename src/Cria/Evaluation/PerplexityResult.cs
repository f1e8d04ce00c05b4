namespace Cria.Evaluation;

/// <summary>A measured mean and the standard error of it.</summary>
/// <param name="Value">The mean.</param>
/// <param name="Error">Its standard error.</param>
public readonly record struct Estimate(double Value, double Error);

/// <summary>How well a model foresees a text.</summary>
/// <param name="Windows">Windows scored.</param>
/// <param name="Tokens">Tokens scored.</param>
/// <param name="Perplexity">exp of the mean negative log-likelihood.</param>
/// <param name="Divergence">The comparison with a reference model, or null.</param>
public sealed record PerplexityResult(int Windows, long Tokens, Estimate Perplexity, DivergenceResult? Divergence);

/// <summary>How far a model's predictions are from a reference model's.</summary>
/// <param name="Reference">The reference's perplexity on the same tokens.</param>
/// <param name="Ratio">Perplexity as a multiple of the reference's; the error knows that both err on the same tokens.</param>
/// <param name="Change">Perplexity less the reference's.</param>
/// <param name="Mean">Mean Kullback-Leibler divergence from the reference's distribution to the model's, in nats.</param>
/// <param name="Median">Its median.</param>
/// <param name="Percentile99">What 99 of 100 tokens stay below.</param>
/// <param name="Largest">The largest.</param>
/// <param name="SameTop">Share of tokens for which both find the same token most likely.</param>
public sealed record DivergenceResult(Estimate Reference, Estimate Ratio, Estimate Change, Estimate Mean, double Median, double Percentile99, double Largest, Estimate SameTop);
