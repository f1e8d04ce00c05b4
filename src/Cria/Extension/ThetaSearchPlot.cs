using System.Globalization;
using Cria.Evaluation.Charts;
using Cria.Evaluation.Positions;

namespace Cria.Extension;

/// <summary>A search as a picture: the mean loss over the bases, and the loss by position of the bases worth looking at.</summary>
public static class ThetaSearchPlot
{
    /// <summary>Draws it.</summary>
    /// <param name="result">The search.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="trainedTheta">The base the model was trained with.</param>
    /// <param name="trainedContext">The context it was trained on.</param>
    public static string Draw(ThetaSearchResult result, string name, double trainedTheta, long trainedContext)
    {
        ArgumentNullException.ThrowIfNull(result);
        var bases = new LineChart { Title = $"{name}: mean loss by rotary base", XTitle = "rotary base θ", YTitle = "loss, nats a token", IsLogX = true };
        bases.Add(new LineSeries("mean loss", [.. result.Trials.Select(trial => (trial.Theta, trial.Losses.Mean.Value))], HasDots: true));
        foreach (ThetaTrial trial in result.Trials)
            if (trial.Rule is not null) bases.Mark(trial.Theta, trial.Rule);
        bases.Mark(result.Best.Theta, $"best {Short(result.Best.Theta)}");
        var positions = new LineChart { Title = "Loss by position", XTitle = "position", YTitle = "loss, nats a token" };
        Add(result.Best, $"best {Short(result.Best.Theta)}", isStrong: true);
        foreach (ThetaTrial trial in result.Trials)
            if (trial != result.Best && (trial.Rule is not null || trial.Theta == trainedTheta)) Add(trial, $"{trial.Rule} {Short(trial.Theta)}", isStrong: false);
        positions.Mark(trainedContext, "trained");
        return LineChart.Draw(bases, positions);

        void Add(ThetaTrial trial, string title, bool isStrong) => positions.Add(new LineSeries(title, [.. Middles(trial.Losses)], IsStrong: isStrong));
    }

    /// <summary>The losses of the stretches at the stretches' middles.</summary>
    internal static IEnumerable<(double X, double Y)> Middles(PositionLosses losses) => losses.Stretches.Select(stretch => ((stretch.From + stretch.To) / 2.0, stretch.Loss));

    private static string Short(double theta) => theta.ToString("0.000e+0", CultureInfo.InvariantCulture);
}
