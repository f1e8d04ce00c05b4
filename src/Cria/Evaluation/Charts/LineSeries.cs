namespace Cria.Evaluation.Charts;

/// <summary>A line of a <see cref="LineChart"/>.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Points">Its points, in order of x.</param>
/// <param name="HasDots">Whether each point gets a dot.</param>
/// <param name="IsStrong">Whether it is drawn thicker.</param>
public sealed record LineSeries(string Name, IReadOnlyList<(double X, double Y)> Points, bool HasDots = false, bool IsStrong = false);
