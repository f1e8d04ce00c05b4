namespace Cria.Evaluation;

/// <summary>Sums of pairs of values, for means, their errors and how they go together.</summary>
internal struct Moments
{
    private double x, y, xx, yy, xy;

    /// <summary>Pairs added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a pair.</summary>
    public void Add(double first, double second)
    {
        Count++;
        x += first;
        y += second;
        xx += first * first;
        yy += second * second;
        xy += first * second;
    }

    /// <summary>Mean of the firsts with its standard error.</summary>
    public readonly Estimate First => new(x / Count, Error(x, xx));

    /// <summary>Mean of the seconds with its standard error.</summary>
    public readonly Estimate Second => new(y / Count, Error(y, yy));

    /// <summary>Covariance of the two means.</summary>
    public readonly double Covariance => Count > 1 ? (xy / Count - x / Count * (y / Count)) / (Count - 1) : 0;

    private readonly double Error(double sum, double squares) => Count > 1 ? Math.Sqrt(Math.Max(0, squares / Count - sum / Count * (sum / Count)) / (Count - 1)) : 0;
}
