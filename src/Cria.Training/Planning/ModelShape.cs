using Cria.Models;

namespace Cria.Training.Planning;

/// <summary>What a plan needs to know of a model: its shape, and how many weights there are.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Config">The network's shape.</param>
/// <param name="Tied">Whether the embedding is the output weight too.</param>
public sealed record ModelShape(string Name, LlamaConfig Config, bool Tied)
{
    /// <summary>The published sizes of Llama 3 by name (arXiv 2407.21783; model cards of 3.2).</summary>
    public static IReadOnlyList<ModelShape> Known { get; } =
    [
        new("1B", Shape(2048, 16, 32, 8, 64, 8192), Tied: true),
        new("3B", Shape(3072, 28, 24, 8, 128, 8192), Tied: true),
        new("8B", Shape(4096, 32, 32, 8, 128, 14336), Tied: false),
        new("70B", Shape(8192, 80, 64, 8, 128, 28672), Tied: false),
        new("405B", Shape(16384, 126, 128, 8, 128, 53248), Tied: false),
    ];

    /// <summary>Weights in the matrices of the layers and the output: those of a token's products.</summary>
    public long MatrixWeights
    {
        get
        {
            long hidden = Config.HiddenSize, queries = (long)Config.HeadCount * Config.HeadSize, keys = (long)Config.KeyValueHeadCount * Config.HeadSize;
            return Config.LayerCount * hidden * (2 * queries + 2 * keys + 3L * Config.FeedForwardSize) + hidden * Config.VocabularySize;
        }
    }

    /// <summary>All weights.</summary>
    public long Weights => MatrixWeights + (Tied ? 0 : (long)Config.HiddenSize * Config.VocabularySize) + Config.HiddenSize * (2L * Config.LayerCount + 1);

    private static LlamaConfig Shape(int hidden, int layers, int heads, int keyValueHeads, int headSize, int feedForward) => new()
    {
        HiddenSize = hidden,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = keyValueHeads,
        HeadSize = headSize,
        FeedForwardSize = feedForward,
        VocabularySize = 128256,
        ContextLength = 8192,
    };
}
