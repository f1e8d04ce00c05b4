using System.Globalization;

namespace Cria.Evaluation.Needles.Reports;

/// <summary>The colours of needle maps: #F0496E where nothing is found, #EBB839 half way, #0CD79F where everything is.</summary>
public static class HeatColour
{
    private static readonly (int R, int G, int B)[] Stops = [(0xF0, 0x49, 0x6E), (0xEB, 0xB8, 0x39), (0x0C, 0xD7, 0x9F)];

    /// <summary>The stops of the scale, lowest first.</summary>
    public static IReadOnlyList<string> Scale { get; } = [.. Stops.Select(Text)];

    /// <summary>The colour of a score from 0 to 1, as #RRGGBB.</summary>
    public static string Of(double score)
    {
        double at = Math.Clamp(score, 0, 1) * (Stops.Length - 1);
        int low = Math.Min((int)at, Stops.Length - 2);
        double share = at - low;
        (int R, int G, int B) a = Stops[low], b = Stops[low + 1];
        return Text((Mix(a.R, b.R), Mix(a.G, b.G), Mix(a.B, b.B)));

        int Mix(int from, int to) => (int)Math.Round(from + share * (to - from));
    }

    private static string Text((int R, int G, int B) colour) => string.Create(CultureInfo.InvariantCulture, $"#{colour.R:X2}{colour.G:X2}{colour.B:X2}");
}
