namespace Cria.Packing;

/// <summary>What a user chooses about quantizing a model to W8A8.</summary>
public sealed record W8A8Options
{
    /// <summary>How far the inputs of the model's matrices reach, for SmoothQuant; null leaves the weights as they are.</summary>
    public InputRanges? Ranges { get; init; }

    /// <summary>SmoothQuant's α: how much of the difficulty moves from inputs to weights, 0 to 1.</summary>
    public double Alpha { get; init; } = DefaultAlpha;

    /// <summary>Also takes weights that are quantized already; each time costs quality.</summary>
    public bool AllowRequantize { get; init; }

    /// <summary>Threads to encode with; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>The α that suits Llama 3.</summary>
    public const double DefaultAlpha = 0.85;
}
