namespace Cria.Packing;

/// <summary>The shape of a model to be trained from nothing.</summary>
public sealed record FreshModelOptions
{
    /// <summary>Features of a token between layers.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads of a layer.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key-value heads of a layer; null is one a query head.</summary>
    public int? KeyValueHeadCount { get; init; }

    /// <summary>Features of a head; null is <c>HiddenSize / HeadCount</c>.</summary>
    public int? HeadSize { get; init; }

    /// <summary>Features inside the feed-forward network; null is 3.5 times <see cref="HiddenSize"/> as Llama 3 has it, in whole steps of 32.</summary>
    public int? FeedForwardSize { get; init; }

    /// <summary>Tokens the model shall attend over.</summary>
    public int ContextLength { get; init; } = 8192;

    /// <summary>Rotary base θ.</summary>
    public double RopeTheta { get; init; } = 500000;

    /// <summary>Whether the embedding is the output matrix too.</summary>
    public bool Tied { get; init; }

    /// <summary>Where the random weights begin: the same seed and shape give the same bytes.</summary>
    public ulong Seed { get; init; }
}
