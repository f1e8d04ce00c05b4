using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Cria.Tensors;

namespace Cria.Generation;

/// <summary>
/// Passes over the logits of a whole vocabulary, 16 at a time on every CPU, so that sums are taken in the same order everywhere.
/// </summary>
internal static class LogitScan
{
    /// <summary>The largest logit. Throws <see cref="CriaException"/> when there is none: the network computed nonsense, or nothing is allowed.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        float max = float.NegativeInfinity;
        if (!vectors.IsEmpty)
        {
            Vector512<float> best = vectors[0];
            foreach (Vector512<float> vector in vectors) best = Vector512.Max(best, vector);
            for (int lane = 0; lane < Vector512<float>.Count; lane++) max = MathF.Max(max, best[lane]);
        }
        foreach (float logit in logits[(vectors.Length * Vector512<float>.Count)..]) max = MathF.Max(max, logit);
        if (!float.IsFinite(max)) throw new CriaException($"the model's logits have no finite maximum ({max}); its weights are damaged, or nothing is allowed to follow");
        return max;
    }

    /// <summary>The first token with the largest logit.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits) => logits.IndexOf(Max(logits));

    /// <summary>Σ exp((logit − max) · scale).</summary>
    public static double SumExp(ReadOnlySpan<float> logits, float max, float scale)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        Vector512<float> shift = Vector512.Create(max), factor = Vector512.Create(scale);
        double total = 0;
        while (!vectors.IsEmpty)
        {
            // Short runs keep the error of the float sums small.
            ReadOnlySpan<Vector512<float>> run = vectors[..Math.Min(64, vectors.Length)];
            Vector512<float> sum = Vector512<float>.Zero;
            foreach (Vector512<float> vector in run) sum += Exp((vector - shift) * factor);
            total += Vector512.Sum(sum);
            vectors = vectors[run.Length..];
        }
        foreach (float logit in logits[(logits.Length / Vector512<float>.Count * Vector512<float>.Count)..]) total += MathF.Exp((logit - max) * scale);
        return total;
    }

    /// <summary>Σ exp(l) and the mean Σ exp(l)·l / Σ exp(l) of l = (logit − max) · scale.</summary>
    public static (double Mass, double Mean) Moments(ReadOnlySpan<float> logits, float max, float scale)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        Vector512<float> shift = Vector512.Create(max), factor = Vector512.Create(scale);
        double mass = 0, weighted = 0;
        while (!vectors.IsEmpty)
        {
            ReadOnlySpan<Vector512<float>> run = vectors[..Math.Min(64, vectors.Length)];
            Vector512<float> sum = Vector512<float>.Zero, products = Vector512<float>.Zero;
            foreach (Vector512<float> vector in run)
            {
                // What is forbidden is −∞, which times 0 would be no number.
                Vector512<float> logit = Vector512.Max((vector - shift) * factor, Vector512.Create(-88f)), weight = Exp(logit);
                sum += weight;
                products += weight * logit;
            }
            mass += Vector512.Sum(sum);
            weighted += Vector512.Sum(products);
            vectors = vectors[run.Length..];
        }
        foreach (float last in logits[(logits.Length / Vector512<float>.Count * Vector512<float>.Count)..])
        {
            float logit = MathF.Max((last - max) * scale, -88), weight = MathF.Exp(logit);
            mass += weight;
            weighted += (double)weight * logit;
        }
        return (mass, weighted / mass);
    }

    /// <summary>Negative log-likelihood of a token, in nats.</summary>
    public static double Loss(ReadOnlySpan<float> logits, int token)
    {
        float max = Max(logits);
        return max + Math.Log(SumExp(logits, max, 1)) - logits[token];
    }

    /// <summary>Σ p · (ln p − ln q), the Kullback-Leibler divergence in nats, with ln p given and ln q = <paramref name="logits"/> − <paramref name="logSum"/>.</summary>
    public static double Divergence(ReadOnlySpan<float> logProbabilities, ReadOnlySpan<float> logits, float logSum)
    {
        ReadOnlySpan<Vector512<float>> first = MemoryMarshal.Cast<float, Vector512<float>>(logProbabilities), second = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        Vector512<float> shift = Vector512.Create(logSum);
        double total = 0;
        for (int start = 0; start < first.Length; start += 64)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = start; i < Math.Min(start + 64, first.Length); i++) sum += Exp(first[i]) * (first[i] - (second[i] - shift));
            total += Vector512.Sum(sum);
        }
        for (int i = first.Length * Vector512<float>.Count; i < logits.Length; i++) total += MathF.Exp(logProbabilities[i]) * (logProbabilities[i] - (logits[i] - logSum));
        return total;
    }

    /// <summary>eˣ for x ≤ 0, 0 below −87.7; relative error below 2e-7. Every CPU computes the same bits, which <see cref="Vector512.Exp(Vector512{float})"/> does not promise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        // x = n·ln 2 + r with whole n: adding and taking away 1.5·2²³ rounds.
        x = Vector512.Max(x, Vector512.Create(-88f));
        Vector512<float> n = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504f), Vector512.Create(12582912f)) - Vector512.Create(12582912f);
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x));
        // Taylor's series; |r| ≤ ln 2 / 2.
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(1f / 5040), r, Vector512.Create(1f / 720));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 120));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        return p * ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
    }

    /// <summary>Collects the tokens whose logit is at least <paramref name="threshold"/> and at most <paramref name="ceiling"/>, by id, with weight exp((logit − max) · scale). Returns their number.</summary>
    public static int Gather(ReadOnlySpan<float> logits, float threshold, float max, float scale, Span<Candidate> candidates, float ceiling = float.PositiveInfinity)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        Vector512<float> limit = Vector512.Create(threshold), top = Vector512.Create(ceiling);
        int count = 0;
        for (int i = 0; i < vectors.Length; i++)
        {
            ulong hits = (Vector512.GreaterThanOrEqual(vectors[i], limit) & Vector512.LessThanOrEqual(vectors[i], top)).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1) Add(i * Vector512<float>.Count + BitOperations.TrailingZeroCount(hits), logits, candidates);
        }
        for (int token = vectors.Length * Vector512<float>.Count; token < logits.Length; token++)
        {
            if (logits[token] >= threshold && logits[token] <= ceiling) Add(token, logits, candidates);
        }
        return count;

        void Add(int token, ReadOnlySpan<float> from, Span<Candidate> to)
        {
            float logit = (from[token] - max) * scale;
            to[count++] = new Candidate(token, logit, MathF.Exp(logit)) { Key = -logit };
        }
    }

    /// <summary>Fills <paramref name="best"/> with the most probable tokens, largest first, ties by id, given ln Σ exp(logit).</summary>
    public static void Top(ReadOnlySpan<float> logits, double logSum, Span<TokenProbability> best)
    {
        if (best.IsEmpty) return;
        int count = 0;
        float worst = float.NegativeInfinity;
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        for (int i = 0; i < vectors.Length; i++)
        {
            ulong hits = count < best.Length ? 0xFFFF : Vector512.GreaterThan(vectors[i], Vector512.Create(worst)).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1) Insert(i * Vector512<float>.Count + BitOperations.TrailingZeroCount(hits), logits, best);
        }
        for (int token = vectors.Length * Vector512<float>.Count; token < logits.Length; token++) Insert(token, logits, best);
        foreach (ref TokenProbability entry in best) entry = entry with { LogProbability = (float)(entry.LogProbability - logSum) };

        void Insert(int token, ReadOnlySpan<float> from, Span<TokenProbability> to)
        {
            float logit = from[token];
            if (count == to.Length && !(logit > worst)) return;
            int place = count < to.Length ? count++ : to.Length - 1;
            for (; place > 0 && to[place - 1].LogProbability < logit; place--) to[place] = to[place - 1];
            to[place] = new TokenProbability(token, logit);
            worst = to[count - 1].LogProbability;
        }
    }
}
