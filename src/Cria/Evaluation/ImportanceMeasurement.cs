using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Evaluation;

/// <summary>
/// Measures an importance matrix: runs text through a network, window by window, and sums the squared inputs of every matrix of its layers.
/// A matrix of text like that which the model will see later helps most; a few hundred windows are enough.
/// </summary>
public sealed class ImportanceMeasurement
{
    private readonly ITensorSource source;
    private readonly CalibrationText text;
    private readonly Dictionary<string, double[]> sums = new(StringComparer.Ordinal);

    /// <summary>Prepares to run <paramref name="text"/>. Throws <see cref="CriaException"/> when it is shorter than one window, or the window longer than the context.</summary>
    /// <param name="source">The model, best not quantized.</param>
    /// <param name="text">The text.</param>
    /// <param name="window">Tokens of a window.</param>
    /// <param name="windows">Most windows to run; null takes the whole text.</param>
    /// <param name="threads">Threads that compute; 0 is one a physical core.</param>
    public ImportanceMeasurement(ITensorSource source, string text, int window = 512, int? windows = null, int threads = 0)
    {
        this.source = source;
        this.text = new CalibrationText(source, text, window, windows, threads);
    }

    /// <summary>Windows that will be run.</summary>
    public int Windows => text.Windows;

    /// <summary>Runs the text. <paramref name="dataset"/> is the name of the text that the result carries.</summary>
    public ImportanceMatrix Run(string dataset, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        sums.Clear();
        text.Run(See, progress, cancellationToken);
        long count = (long)text.Windows * text.Window;
        var entries = sums.ToDictionary(entry => entry.Key, entry => new ImportanceEntry(Array.ConvertAll(entry.Value, sum => (float)sum), count), StringComparer.Ordinal);
        return new ImportanceMatrix(source.Path, entries, [dataset], text.Windows, text.Window);
    }

    private void See(ReadOnlySpan<Weight> weights, ReadOnlySpan<float> input)
    {
        // The output matrix is not asked about: recipes store it better than any importance would.
        if (!weights[0].Name.StartsWith("blk.", StringComparison.Ordinal)) return;
        if (!sums.TryGetValue(weights[0].Name, out double[]? sum))
        {
            sum = new double[input.Length];
            // Matrices with the same input share its sums.
            foreach (Weight weight in weights) sums.Add(weight.Name, sum);
        }
        for (int i = 0; i < sum.Length; i++) sum[i] += (double)input[i] * input[i];
    }
}
