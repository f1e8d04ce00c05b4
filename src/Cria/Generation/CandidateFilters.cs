namespace Cria.Generation;

/// <summary>Filters over candidates. Each moves those it keeps to the front and returns their number. None sorts: they partition, in linear time.</summary>
internal static class CandidateFilters
{
    /// <summary>Σ weight.</summary>
    public static double Mass(ReadOnlySpan<Candidate> candidates)
    {
        double mass = 0;
        foreach (ref readonly Candidate candidate in candidates) mass += candidate.Weight;
        return mass;
    }

    /// <summary>The <paramref name="k"/> most probable.</summary>
    public static int TopK(Span<Candidate> candidates, int k) => k >= candidates.Length ? candidates.Length : Smallest(candidates, k, byWeight: false);

    /// <summary>The fewest most probable ones whose weights reach <paramref name="share"/> of <paramref name="mass"/>, the weight of the whole distribution.</summary>
    public static int TopP(Span<Candidate> candidates, double share, double mass) => Smallest(candidates, share * mass, byWeight: true);

    /// <summary>Those at least <paramref name="share"/> times as probable as the most probable one.</summary>
    public static int MinP(Span<Candidate> candidates, float share)
    {
        float largest = 0;
        foreach (ref readonly Candidate candidate in candidates) largest = Math.Max(largest, candidate.Weight);
        float limit = share * largest;
        int kept = 0;
        foreach (ref Candidate candidate in candidates)
        {
            if (candidate.Weight >= limit) candidates[kept++] = candidate;
        }
        return kept;
    }

    /// <summary>All but the most probable ones: of those with a weight of at least <paramref name="limit"/> only the least probable stays. Where fewer than two are so probable, all stay.</summary>
    public static int ExcludeTop(Span<Candidate> candidates, double limit)
    {
        int count = 0, least = -1;
        for (int i = 0; i < candidates.Length; i++)
        {
            if (candidates[i].Weight < limit) continue;
            count++;
            // Of equals the last by id, so that the result does not depend on their order here.
            if (least < 0 || candidates[i].Weight < candidates[least].Weight || (candidates[i].Weight == candidates[least].Weight && candidates[i].Token > candidates[least].Token)) least = i;
        }
        if (count < 2) return candidates.Length;
        int kept = 0;
        for (int i = 0; i < candidates.Length; i++)
        {
            if (i == least || candidates[i].Weight < limit) candidates[kept++] = candidates[i];
        }
        return kept;
    }

    /// <summary>Those with |−ln p − entropy| smallest, until their weights reach <paramref name="share"/> of all.</summary>
    public static int Typical(Span<Candidate> candidates, double share)
    {
        double mass = Mass(candidates), mean = 0;
        foreach (ref readonly Candidate candidate in candidates) mean += candidate.Weight / mass * candidate.Logit;
        return Typical(candidates, share * mass, mean);
    }

    /// <summary>
    /// Those with |−ln p − entropy| smallest, until their weights reach <paramref name="target"/>. As −ln p = ln Σ weight − logit and entropy = ln Σ weight − mean,
    /// that is the distance of the logit from <paramref name="mean"/>, the mean logit Σ p·logit.
    /// </summary>
    public static int Typical(Span<Candidate> candidates, double target, double mean)
    {
        foreach (ref Candidate candidate in candidates) candidate.Key = (float)Math.Abs(mean - candidate.Logit);
        int kept = Smallest(candidates, target, byWeight: true);
        foreach (ref Candidate candidate in candidates[..kept]) candidate.Key = -candidate.Logit;
        return kept;
    }

    /// <summary>
    /// Moves to the front the fewest candidates of smallest key that measure at least <paramref name="target"/> together (each its weight, or 1); all when there is too little.
    /// Quickselect: what is left of <c>low</c> is kept, what is right of <c>high</c> is not.
    /// </summary>
    private static int Smallest(Span<Candidate> candidates, double target, bool byWeight)
    {
        int low = 0, high = candidates.Length;
        double kept = 0;
        while (low < high)
        {
            Candidate pivot = Median(candidates[low], candidates[low + (high - low) / 2], candidates[high - 1]);
            int split = low;
            double measure = 0;
            for (int i = low; i < high; i++)
            {
                if (!candidates[i].Before(pivot)) continue;
                measure += byWeight ? candidates[i].Weight : 1;
                (candidates[i], candidates[split]) = (candidates[split], candidates[i]);
                split++;
            }
            if (kept + measure >= target)
            {
                high = split;
                continue;
            }
            // All before the pivot stay, and the pivot itself is next.
            kept += measure + (byWeight ? pivot.Weight : 1);
            for (int i = split; i < high; i++)
            {
                if (candidates[i].Token != pivot.Token) continue;
                (candidates[i], candidates[split]) = (candidates[split], candidates[i]);
                break;
            }
            low = split + 1;
            if (kept >= target) return low;
        }
        return Math.Max(low, Math.Min(1, candidates.Length));
    }

    private static Candidate Median(in Candidate a, in Candidate b, in Candidate c)
    {
        if (a.Before(b)) return b.Before(c) ? b : a.Before(c) ? c : a;
        return a.Before(c) ? a : b.Before(c) ? c : b;
    }
}
