using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Finds scale ≥ 0 and minimum ≤ 0 for value ≈ scale · q + minimum, q in 0…Levels: rounds with several trial scales,
/// solves the weighted least squares for the q so found, keeps the trial of least error.
/// </summary>
/// <param name="Levels">Largest q.</param>
/// <param name="First">The first trial stretches the range to Levels + First.</param>
/// <param name="Step">Each further trial stretches it by this much more.</param>
/// <param name="Trials">How many trials there are.</param>
/// <param name="Absolute">Measures the error by magnitude instead of by square.</param>
internal readonly record struct AffineFit(int Levels, float First, float Step, int Trials, bool Absolute)
{
    /// <summary>
    /// Fits sixteen groups. <paramref name="x"/>, <paramref name="weights"/> and <paramref name="quants"/> have one vector per element of a group.
    /// <paramref name="depth"/> is minus the minimum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, Span<Vector512<float>> quants, out Vector512<float> scale, out Vector512<float> depth)
    {
        Vector512<float> zero = Vector512<float>.Zero;
        Vector512<float> levels = Vector512.Create((float)Levels);
        Span<Vector512<float>> trial = stackalloc Vector512<float>[x.Length];

        Vector512<float> minimum = x[0];
        Vector512<float> maximum = x[0];
        Vector512<float> sumW = weights[0];
        Vector512<float> sumX = sumW * x[0];
        for (int i = 1; i < x.Length; i++)
        {
            minimum = Vector512.ConditionalSelect(Vector512.LessThan(x[i], minimum), x[i], minimum);
            maximum = Vector512.ConditionalSelect(Vector512.GreaterThan(x[i], maximum), x[i], maximum);
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }
        minimum = Vector512.ConditionalSelect(Vector512.GreaterThan(minimum, zero), zero, minimum);
        Vector512<float> flat = Vector512.Equals(maximum, minimum);
        Vector512<float> flatMinimum = minimum;

        Vector512<float> inverse = levels / (maximum - minimum);
        scale = Vector512<float>.One / inverse;
        for (int i = 0; i < x.Length; i++) quants[i] = GroupLanes.Round(inverse * (x[i] - minimum), zero, levels);
        Vector512<float> least = Error(x, weights, quants, scale, minimum);

        for (int t = 0; t < Trials; t++)
        {
            // The range is measured from the best minimum so far, which the reference does too.
            inverse = Vector512.Create(First + Step * t + Levels) / (maximum - minimum);
            Vector512<float> sumQ = zero, sumQQ = zero, sumXQ = zero;
            for (int i = 0; i < x.Length; i++)
            {
                Vector512<float> q = GroupLanes.Round(inverse * (x[i] - minimum), zero, levels);
                trial[i] = q;
                Vector512<float> wq = weights[i] * q;
                sumQ += wq;
                sumQQ += wq * q;
                sumXQ += wq * x[i];
            }
            Vector512<float> determinant = sumW * sumQQ - sumQ * sumQ;
            Vector512<float> trialScale = (sumW * sumXQ - sumX * sumQ) / determinant;
            Vector512<float> trialMinimum = (sumQQ * sumX - sumQ * sumXQ) / determinant;
            Vector512<float> above = Vector512.GreaterThan(trialMinimum, zero);
            trialMinimum = Vector512.ConditionalSelect(above, zero, trialMinimum);
            trialScale = Vector512.ConditionalSelect(above, sumXQ / sumQQ, trialScale);
            Vector512<float> error = Error(x, weights, trial, trialScale, trialMinimum);
            Vector512<float> better = Vector512.GreaterThan(determinant, zero) & Vector512.LessThan(error, least);
            GroupLanes.Keep(better, trial, quants);
            least = Vector512.ConditionalSelect(better, error, least);
            scale = Vector512.ConditionalSelect(better, trialScale, scale);
            minimum = Vector512.ConditionalSelect(better, trialMinimum, minimum);
        }

        trial.Clear();
        GroupLanes.Keep(flat, trial, quants);
        scale = Vector512.ConditionalSelect(flat, zero, scale);
        depth = -Vector512.ConditionalSelect(flat, flatMinimum, minimum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Error(ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, ReadOnlySpan<Vector512<float>> quants, Vector512<float> scale, Vector512<float> minimum)
    {
        Vector512<float> error = Vector512<float>.Zero;
        if (Absolute)
        {
            for (int i = 0; i < x.Length; i++) error += weights[i] * Vector512.Abs(scale * quants[i] + minimum - x[i]);
            return error;
        }
        for (int i = 0; i < x.Length; i++)
        {
            Vector512<float> difference = scale * quants[i] + minimum - x[i];
            error += weights[i] * (difference * difference);
        }
        return error;
    }
}
