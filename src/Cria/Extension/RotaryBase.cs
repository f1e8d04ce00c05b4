namespace Cria.Extension;

/// <summary>The rules that raise a rotary base θ for a longer context, in double.</summary>
public static class RotaryBase
{
    /// <summary>NTK-aware scaling: θ · s^(d/(d−2)), for heads of d features. The slowest frequency is then divided by exactly s, the fastest kept.</summary>
    public static double NtkAware(double theta, double factor, int headSize) => theta * Math.Pow(factor, headSize / (headSize - 2.0));

    /// <summary>Dynamic NTK for the length L of a model trained on L₀: θ · (factor · L/L₀ − (factor − 1))^(d/(d−2)).</summary>
    public static double DynamicNtk(double theta, double factor, double context, double trained, int headSize) => NtkAware(theta, factor * context / trained - (factor - 1), headSize);

    /// <summary>Critical base (arXiv 2310.05209, theorem 1): θ^(ln(L/2π) / ln(L₀/2π)).</summary>
    public static double Critical(double theta, double context, double trained) => Math.Pow(theta, Math.Log(context / (2 * Math.PI)) / Math.Log(trained / (2 * Math.PI)));

    /// <summary>
    /// The critical dimension: how many of a head's features turn at least once over the trained context, an even number. The others have seen a part of their circle only,
    /// and are what fails beyond it.
    /// </summary>
    public static int CriticalDimension(double theta, double trained, int headSize) =>
        Math.Min(headSize, 2 * (int)Math.Ceiling(headSize / 2.0 * Math.Log(trained / (2 * Math.PI)) / Math.Log(theta)));
}
