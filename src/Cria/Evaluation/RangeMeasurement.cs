using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Evaluation;

/// <summary>Measures how far the inputs of a network's matrices reach, column by column, on text: what SmoothQuant needs.</summary>
public sealed class RangeMeasurement
{
    private readonly CalibrationText text;
    private readonly Dictionary<string, float[]> largest = new(StringComparer.Ordinal);

    /// <summary>Prepares to run <paramref name="text"/>. Throws <see cref="CriaException"/> when it is shorter than one window, or the window longer than the context.</summary>
    /// <param name="source">The model, best not quantized.</param>
    /// <param name="text">Text like that which the model will see.</param>
    /// <param name="window">Tokens of a window.</param>
    /// <param name="windows">Most windows to run; null takes the whole text.</param>
    /// <param name="threads">Threads that compute; 0 is one a physical core.</param>
    public RangeMeasurement(ITensorSource source, string text, int window = 512, int? windows = null, int threads = 0) =>
        this.text = new CalibrationText(source, text, window, windows, threads);

    /// <summary>Windows that will be run.</summary>
    public int Windows => text.Windows;

    /// <summary>Runs the text.</summary>
    public InputRanges Run(IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        largest.Clear();
        text.Run(See, progress, cancellationToken);
        return new InputRanges(new Dictionary<string, float[]>(largest, StringComparer.Ordinal));
    }

    private void See(ReadOnlySpan<Weight> weights, ReadOnlySpan<float> input)
    {
        if (!largest.TryGetValue(weights[0].Name, out float[]? most))
        {
            most = new float[input.Length];
            foreach (Weight weight in weights) largest.Add(weight.Name, most);
        }
        for (int i = 0; i < most.Length; i++) most[i] = Math.Max(most[i], Math.Abs(input[i]));
    }
}
