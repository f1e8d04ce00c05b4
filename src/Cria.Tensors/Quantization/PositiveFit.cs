namespace Cria.Tensors.Quantization;

/// <summary>
/// Finds a scale for value ≈ scale · q, q in 0…Levels, for values that are not negative (the scales of a super-block) with weights:
/// nine trials, then up to five rounds that move one q after the other to its best place given the rest.
/// </summary>
/// <param name="Levels">Largest q.</param>
internal readonly record struct PositiveFit(int Levels)
{
    private const int Rounds = 5;
    private const int Reach = 4;

    /// <summary>Fits one group; returns the scale.</summary>
    public float Run(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Span<byte> quants)
    {
        float maximum = 0;
        foreach (float value in x) maximum = maximum > value ? maximum : value;
        if (maximum < SymmetricFit.Smallest)
        {
            quants.Clear();
            return 0;
        }
        float inverse = BestInverse(x, weights, maximum);
        float sumXQ = 0, sumQQ = 0;
        for (int i = 0; i < x.Length; i++)
        {
            int q = Round(inverse * x[i]);
            quants[i] = (byte)q;
            sumXQ += weights[i] * x[i] * q;
            sumQQ += weights[i] * q * q;
        }
        for (int round = 0; round < Rounds; round++)
        {
            bool anyMoved = false;
            for (int i = 0; i < x.Length; i++)
            {
                float w = weights[i];
                float restXQ = sumXQ - w * x[i] * quants[i];
                float restQQ = sumQQ - w * quants[i] * quants[i];
                if (!(restXQ > 0) || !(restQQ > 0)) continue;
                int moved = Round(x[i] * restQQ / restXQ);
                if (moved == quants[i]) continue;
                restXQ += w * x[i] * moved;
                restQQ += w * moved * moved;
                if (!(restXQ * restXQ * sumQQ > sumXQ * sumXQ * restQQ)) continue;
                quants[i] = (byte)moved;
                sumXQ = restXQ;
                sumQQ = restQQ;
                anyMoved = true;
            }
            if (!anyMoved) break;
        }
        return sumQQ > 0 ? sumXQ / sumQQ : 0;
    }

    private float BestInverse(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float maximum)
    {
        float inverse = Levels / maximum;
        float least = Error(x, weights, inverse);
        for (int t = -Reach; t <= Reach; t++)
        {
            if (t == 0) continue;
            float trial = (0.1f * t + Levels) / maximum;
            float error = Error(x, weights, trial);
            if (!(error < least)) continue;
            least = error;
            inverse = trial;
        }
        return inverse;
    }

    private float Error(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float inverse)
    {
        float scale = 1 / inverse;
        float error = 0;
        for (int i = 0; i < x.Length; i++)
        {
            float difference = x[i] - scale * Round(inverse * x[i]);
            error += weights[i] * difference * difference;
        }
        return error;
    }

    private int Round(float value) => Math.Clamp(GroupLanes.Round(value), 0, Levels);
}
