namespace Cria.Tensors.Backends.Recording;

/// <summary>Low-rank factors beside a weight (arXiv 2106.09685): x · wᵀ + scale · (dropout(x) · downᵀ) · upᵀ.</summary>
/// <param name="Down">[rank, columns], padded with rows of zeros.</param>
/// <param name="Up">[rows, rank], padded with columns of zeros.</param>
/// <param name="Rank">Rows of the first and columns of the second that count.</param>
/// <param name="Scale">Factor on the product: alpha / rank.</param>
/// <param name="Dropout">Share of the inputs set to zero in training, 0 to below 1.</param>
public sealed record LowRankAdapter(Parameter Down, Parameter Up, int Rank, float Scale, float Dropout);
