using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// SmoothQuant (arXiv 2211.10438): a few columns of the inputs are far larger than the rest and would take all of the 8 bits. Dividing a norm's gain by
/// s = max|X|^α / max|W|^(1−α), column by column, and multiplying the columns of the weights behind it by s leaves the network as it is and makes both easy to round.
/// </summary>
internal sealed class Smoothing
{
    private readonly Dictionary<string, float[]> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> gains = new(StringComparer.Ordinal);

    /// <summary>Works out the factors. Reads the weights behind each norm once.</summary>
    /// <param name="source">The model.</param>
    /// <param name="ranges">How far its inputs reach.</param>
    /// <param name="alpha">Share of the difficulty that moves to the weights, 0 to 1.</param>
    /// <param name="normType">The type that norms will be stored in: gains are rounded to it first, and the weights make up for that.</param>
    /// <param name="threads">Threads; 0 takes all cores.</param>
    public Smoothing(ITensorSource source, InputRanges ranges, double alpha, TensorType normType, int threads)
    {
        for (int layer = 0; source.TryGet($"blk.{layer}.attn_norm.weight", out _); layer++)
        {
            Smooth(source, ranges, alpha, normType, threads, $"blk.{layer}.", "attn_norm.weight", "attn_q.weight", "attn_k.weight", "attn_v.weight");
            Smooth(source, ranges, alpha, normType, threads, $"blk.{layer}.", "ffn_norm.weight", "ffn_gate.weight", "ffn_up.weight");
        }
    }

    /// <summary>What to multiply a weight's columns by; null for nothing.</summary>
    public float[]? Columns(string weight) => columns.GetValueOrDefault(weight);

    /// <summary>A norm's new gains; null when they stay.</summary>
    public float[]? Gains(string norm) => gains.GetValueOrDefault(norm);

    private void Smooth(ITensorSource source, InputRanges ranges, double alpha, TensorType normType, int threads, string prefix, string norm, params ReadOnlySpan<string> weights)
    {
        if (!ranges.Largest.TryGetValue(prefix + weights[0], out float[]? inputs)) return;
        if (!source.TryGet(prefix + norm, out TensorInfo normInfo) || normInfo.ElementCount != inputs.Length) return;
        var reach = new float[inputs.Length];
        foreach (string weight in weights)
        {
            if (!source.TryGet(prefix + weight, out TensorInfo info) || info.Columns != inputs.Length) return;
            ReachOf(source.View(info), reach, threads);
            source.Release(info);
        }
        var gain = new float[inputs.Length];
        source.View(normInfo).Decode(0, 1, gain);
        var factors = new float[inputs.Length];
        for (int i = 0; i < factors.Length; i++)
        {
            // A column without inputs or without weights has nothing to be divided.
            double factor = inputs[i] > 0 && reach[i] > 0 ? Math.Max(Math.Pow(inputs[i], alpha) / Math.Pow(reach[i], 1 - alpha), 1e-5) : 1;
            float divided = Rounded((float)(gain[i] / factor), normType);
            factors[i] = divided != 0 && float.IsFinite(divided) ? gain[i] / divided : 1;
            gain[i] = divided != 0 && float.IsFinite(divided) ? divided : gain[i];
        }
        gains.Add(prefix + norm, gain);
        foreach (string weight in weights) columns.Add(prefix + weight, factors);
    }

    /// <summary>The largest magnitude of each column, and of what <paramref name="reach"/> held.</summary>
    private static void ReachOf(TensorView view, float[] reach, int threads)
    {
        const int pieceRows = 64;
        int pieces = (int)((view.Rows + pieceRows - 1) / pieceRows);
        Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount }, () => (Row: new float[view.Columns], Most: new float[view.Columns]), (piece, _, own) =>
        {
            for (long row = (long)piece * pieceRows; row < Math.Min(view.Rows, (piece + 1L) * pieceRows); row++)
            {
                view.Decode(row, 1, own.Row);
                for (int i = 0; i < own.Row.Length; i++) own.Most[i] = Math.Max(own.Most[i], Math.Abs(own.Row[i]));
            }
            return own;
        }, own =>
        {
            lock (reach)
            {
                for (int i = 0; i < reach.Length; i++) reach[i] = Math.Max(reach[i], own.Most[i]);
            }
        });
    }

    private static float Rounded(float value, TensorType type)
    {
        if (type == TensorType.F32) return value;
        BlockFormat format = BlockFormat.Of(type);
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        Span<float> back = [value];
        format.Encode(back, bytes);
        format.Decode(bytes, back);
        return back[0];
    }
}
