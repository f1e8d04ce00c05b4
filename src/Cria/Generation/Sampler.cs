using System.Numerics;
using Cria.Tensors;

namespace Cria.Generation;

/// <summary>
/// Chooses tokens from logits. Holds only scratch memory, so that one serves all sequences of an engine; choosing allocates nothing. Not thread-safe.
/// </summary>
internal sealed class Sampler(int vocabularySize)
{
    /// <summary>What <see cref="Sample"/> gives where nothing may follow.</summary>
    public const int End = -1;

    /// <summary>Tokens less probable than e^−14 (8e-7) of the best are looked at only when the others do not suffice.</summary>
    private const float NarrowRange = 14;

    /// <summary>e^−88 is nothing in single precision: beyond this distance from the mean no weight is left to be found.</summary>
    private const double WidestRange = 128;

    /// <summary>Below it logits divided by temperature overflow, and the best token is certain anyway.</summary>
    private const float LowestTemperature = 1e-5f;

    private readonly float[] adjusted = new float[vocabularySize];
    private readonly ulong[] mask = new ulong[(vocabularySize + 63) / 64];
    private readonly Candidate[] candidates = new Candidate[vocabularySize];
    private readonly int[] counts = new int[vocabularySize];

    /// <summary>
    /// Chooses the next token of a sequence. Equal arguments give equal tokens.
    /// </summary>
    /// <param name="logits">The network's logits: [vocabulary].</param>
    /// <param name="settings">How to choose.</param>
    /// <param name="tokens">All tokens so far.</param>
    /// <param name="promptLength">How many of them are the prompt.</param>
    /// <param name="constraint">What may come, or null.</param>
    /// <param name="sample">Number of the answer among those to the same prompt.</param>
    /// <returns>The token, or <see cref="End"/> where the constraint allows only the end.</returns>
    public int Sample(ReadOnlySpan<float> logits, SamplingSettings settings, ReadOnlySpan<int> tokens, int promptLength, ITokenConstraint? constraint, int sample)
    {
        int step = tokens.Length - promptLength;
        if (constraint is not null && !TryMask(settings, constraint, step)) return End;
        ReadOnlySpan<float> x = Adjust(logits, settings, tokens, promptLength, constraint is not null);
        if (settings.Temperature < LowestTemperature) return LogitScan.ArgMax(x);
        ReadOnlySpan<Candidate> kept = Distribution(x, settings, out double tail);
        double mass = CandidateFilters.Mass(kept);
        if (settings.XtcProbability > 0 && CounterRandom.SecondUniform(settings.Seed, (ulong)sample, (ulong)step) < settings.XtcProbability)
        {
            kept = candidates.AsSpan(0, CandidateFilters.ExcludeTop(candidates.AsSpan(0, kept.Length), settings.XtcThreshold * (mass + tail)));
            mass = CandidateFilters.Mass(kept);
        }
        double point = CounterRandom.Uniform(settings.Seed, (ulong)sample, (ulong)step) * (mass + tail);
        if (point >= mass && tail > 0) return FromTail(x, settings, point - mass);
        foreach (ref readonly Candidate candidate in kept)
        {
            point -= candidate.Weight;
            if (point < 0) return candidate.Token;
        }
        return kept[^1].Token;
    }

    /// <summary>ln p of a token under the plain softmax, and the most probable tokens into <paramref name="best"/>.</summary>
    public static float LogProbability(ReadOnlySpan<float> logits, int token, Span<TokenProbability> best)
    {
        float max = LogitScan.Max(logits);
        double logSum = max + Math.Log(LogitScan.SumExp(logits, max, 1));
        LogitScan.Top(logits, logSum, best);
        return (float)(logits[token] - logSum);
    }

    /// <summary>
    /// The tokens that temperature and filters leave, with weights. Where no filter is on, <paramref name="tail"/> is the weight of the improbable tokens that are not listed.
    /// </summary>
    internal ReadOnlySpan<Candidate> Distribution(ReadOnlySpan<float> x, SamplingSettings settings, out double tail)
    {
        float max = LogitScan.Max(x), scale = 1 / settings.Temperature;
        bool topK = settings.TopK > 0, topP = settings.TopP < 1, typical = settings.TypicalP < 1, minP = settings.MinP > 0;
        tail = 0;
        bool onlyMinP = minP && !topK && !typical && !topP;
        double total = topK || typical || onlyMinP ? 0 : LogitScan.SumExp(x, max, scale);
        float range = onlyMinP ? 1 - MathF.Log(settings.MinP) : NarrowRange;
        int count = typical && !topK ? Typical(x, settings.TypicalP, max, scale) : LogitScan.Gather(x, max - range * settings.Temperature, max, scale, candidates);
        bool enough = topK ? count >= settings.TopK
            : typical ? true
            : topP ? CandidateFilters.Mass(candidates.AsSpan(0, count)) >= settings.TopP * total
            : true;
        // Nothing is improbable enough to be left out, except what is forbidden.
        if (!enough) count = LogitScan.Gather(x, float.MinValue, max, scale, candidates);
        if (topK)
        {
            count = CandidateFilters.TopK(candidates.AsSpan(0, count), settings.TopK);
            total = CandidateFilters.Mass(candidates.AsSpan(0, count));
        }
        if (typical)
        {
            if (topK) count = CandidateFilters.Typical(candidates.AsSpan(0, count), settings.TypicalP);
            total = CandidateFilters.Mass(candidates.AsSpan(0, count));
        }
        if (topP) count = CandidateFilters.TopP(candidates.AsSpan(0, count), settings.TopP, total);
        if (minP) count = CandidateFilters.MinP(candidates.AsSpan(0, count), settings.MinP);
        if (!topK && !typical && !topP && !minP) tail = Math.Max(0, total - CandidateFilters.Mass(candidates.AsSpan(0, count)));
        return candidates.AsSpan(0, count);
    }

    /// <summary>The typical tokens of a whole vocabulary: those around the mean logit are looked at, and farther ones only when their weights do not suffice. Returns their number.</summary>
    private int Typical(ReadOnlySpan<float> x, double share, float max, float scale)
    {
        (double mass, double mean) = LogitScan.Moments(x, max, scale);
        double target = share * mass;
        for (double radius = 1; radius <= WidestRange; radius *= 2)
        {
            int near = LogitScan.Gather(x, (float)(max + (mean - radius) / scale), max, scale, candidates, (float)(max + (mean + radius) / scale));
            double sure = 0;
            foreach (ref readonly Candidate candidate in candidates.AsSpan(0, near))
            {
                // Rounding of the bounds may have left out one at the very edge.
                if (Math.Abs(candidate.Logit - mean) < radius * 0.999) sure += candidate.Weight;
            }
            if (sure >= target) return CandidateFilters.Typical(candidates.AsSpan(0, near), target, mean);
        }
        int all = LogitScan.Gather(x, float.MinValue, max, scale, candidates);
        return CandidateFilters.Typical(candidates.AsSpan(0, all), target, mean);
    }

    /// <summary>The logits with bias, penalties and what is forbidden applied; the logits themselves where nothing is.</summary>
    internal ReadOnlySpan<float> Adjust(ReadOnlySpan<float> logits, SamplingSettings settings, ReadOnlySpan<int> tokens, int promptLength, bool masked = false)
    {
        bool tooEarly = tokens.Length - promptLength < settings.MinTokens && settings.StopTokens.Length > 0 && !masked;
        if (settings.Bias.Length == 0 && !settings.HasPenalties && !masked && !tooEarly) return logits;
        logits.CopyTo(adjusted);
        foreach ((int token, float bias) in settings.Bias) adjusted[token] += bias;
        if (settings.HasPenalties) Penalize(settings, tokens, promptLength);
        if (masked) ApplyMask();
        if (tooEarly)
        {
            foreach (int token in settings.StopTokens) adjusted[token] = float.NegativeInfinity;
        }
        return adjusted;
    }

    private void Penalize(SamplingSettings settings, ReadOnlySpan<int> tokens, int promptLength)
    {
        if (settings.RepetitionPenalty != 1)
        {
            int window = settings.RepetitionWindow == 0 ? tokens.Length : Math.Min(tokens.Length, settings.RepetitionWindow);
            ReadOnlySpan<int> seen = tokens[^window..];
            foreach (int token in seen)
            {
                if (counts[token]++ == 0) adjusted[token] = adjusted[token] > 0 ? adjusted[token] / settings.RepetitionPenalty : adjusted[token] * settings.RepetitionPenalty;
            }
            foreach (int token in seen) counts[token] = 0;
        }
        if (settings.FrequencyPenalty == 0 && settings.PresencePenalty == 0) return;
        ReadOnlySpan<int> answer = tokens[promptLength..];
        foreach (int token in answer) counts[token]++;
        foreach (int token in answer)
        {
            if (counts[token] == 0) continue;
            adjusted[token] -= settings.FrequencyPenalty * counts[token] + settings.PresencePenalty;
            counts[token] = 0;
        }
    }

    /// <summary>Asks the constraint what may come, stop tokens included; false when only the end may.</summary>
    private bool TryMask(SamplingSettings settings, ITokenConstraint constraint, int step)
    {
        constraint.Mask(mask);
        foreach (int token in settings.StopTokens) mask[token >> 6] &= ~(1UL << (token & 63));
        if (vocabularySize % 64 != 0) mask[^1] &= (1UL << (vocabularySize % 64)) - 1;
        bool complete = constraint.IsComplete;
        if (mask.AsSpan().IndexOfAnyExcept(0UL) < 0)
        {
            return complete ? false : throw new CriaException("the grammar leads into a dead end: no token of the vocabulary can follow the answer so far; change the grammar");
        }
        if (complete && step >= settings.MinTokens)
        {
            foreach (int token in settings.StopTokens) mask[token >> 6] |= 1UL << (token & 63);
        }
        return true;
    }

    private void ApplyMask()
    {
        for (int word = 0; word < mask.Length; word++)
        {
            ulong bits = mask[word];
            if (bits == ulong.MaxValue) continue;
            Span<float> part = adjusted.AsSpan(word * 64, Math.Min(64, vocabularySize - word * 64));
            if (bits == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }
            for (ulong forbidden = ~bits; forbidden != 0; forbidden &= forbidden - 1)
            {
                int bit = BitOperations.TrailingZeroCount(forbidden);
                if (bit < part.Length) part[bit] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>The token at <paramref name="point"/> in the weights of the tokens below the narrow range, in order of id.</summary>
    private static int FromTail(ReadOnlySpan<float> x, SamplingSettings settings, double point)
    {
        float max = LogitScan.Max(x), scale = 1 / settings.Temperature, threshold = max - NarrowRange * settings.Temperature;
        int last = -1;
        for (int token = 0; token < x.Length; token++)
        {
            if (x[token] >= threshold || float.IsNegativeInfinity(x[token])) continue;
            last = token;
            point -= MathF.Exp((x[token] - max) * scale);
            if (point < 0) return token;
        }
        return last >= 0 ? last : LogitScan.ArgMax(x);
    }
}
