using System.Xml.Linq;
using Cria.Evaluation;
using Cria.Evaluation.Positions;
using Cria.Extension;

namespace Cria.Tests.Extension;

/// <summary>The search for a rotary base, on losses whose smallest is known.</summary>
public class ThetaSearchTests
{
    [Theory]
    [InlineData(2e6)]
    [InlineData(5.5e6)]
    [InlineData(8e7)]
    public void Narrows_the_best_base_down(double best)
    {
        int measured = 0;
        var search = new ThetaSearch(theta =>
        {
            measured++;
            return Losses(2 + Math.Pow(Math.Log(theta / best), 2));
        });
        ThetaSearchResult result = search.Run(5e5, 5e8, points: 9, refinements: 8, new Dictionary<string, double> { ["ntk"] = 1.2e6, ["trained"] = 5e5, ["far"] = 1e12 });
        Assert.Equal(9 + 8 + 1, measured);
        Assert.Equal(measured, result.Trials.Count);
        Assert.False(result.IsAtEdge);
        // Nine bases over three decades leave a bracket of 5.6; seven golden steps shrink it to a thirtieth.
        Assert.InRange(result.Best.Theta / best, 0.92, 1.09);
        Assert.Equal(result.Trials.Min(trial => trial.Losses.Mean.Value), result.Best.Losses.Mean.Value);
        Assert.Equal(result.Trials.Select(trial => trial.Theta).Order(), result.Trials.Select(trial => trial.Theta));
        Assert.Equal(["trained", "ntk"], result.Trials.Where(trial => trial.Rule is not null).Select(trial => trial.Rule!));
    }

    [Theory]
    [InlineData(1e5)]
    [InlineData(1e12)]
    public void Says_when_the_best_lies_at_the_edge(double best)
    {
        ThetaSearchResult result = new ThetaSearch(theta => Losses(Math.Abs(Math.Log(theta / best)))).Run(5e5, 5e8, 5, 6, new Dictionary<string, double>());
        Assert.True(result.IsAtEdge);
        Assert.Equal(5, result.Trials.Count);
    }

    [Fact]
    public void The_picture_is_well_formed_and_names_the_rules()
    {
        ThetaSearchResult result = new ThetaSearch(theta => Losses(2 + Math.Pow(Math.Log(theta / 2e6), 2))).Run(5e5, 5e7, 5, 4, new Dictionary<string, double> { ["trained"] = 5e5, ["critical"] = 3e6 });
        string svg = ThetaSearchPlot.Draw(result, "a < b", 5e5, 8192);
        XDocument picture = XDocument.Parse(svg);
        string text = string.Join(' ', picture.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value));
        foreach (string expected in new[] { "a < b", "critical", "trained", "best" }) Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Equal(1 + 3, picture.Descendants().Count(element => element.Name.LocalName == "polyline"));
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
    }

    private static PositionLosses Losses(double loss) => new([new(0, 8192, loss - 0.5), new(8192, 16384, loss + 0.5)], new Estimate(loss, 0.01), 1, 16384);
}
