namespace Cria.Extension;

/// <summary>A row of the Gradient model cards.</summary>
/// <param name="Context">Tokens of the stage.</param>
/// <param name="From">The context whose base the rule started from.</param>
/// <param name="ByRule">The base that the rule gives.</param>
/// <param name="OnCard">The base as the card prints it; null where no card has the stage.</param>
/// <param name="Critical">The critical base for this context.</param>
/// <param name="InFirstConfig">The base in the first <c>config.json</c> that was published, computed in lower precision; null where it was never another.</param>
/// <param name="InConfig">The base in the published model's <c>config.json</c> today; null where no such model was published.</param>
public sealed record GradientStage(long Context, long From, double ByRule, string? OnCard, double Critical, double? InFirstConfig, double? InConfig);

/// <summary>
/// The rotary bases of Gradient's long Llama 3 models: heads of 128, base 500000, trained on 8192 tokens. The cards' values are dynamic NTK with factor 4 from the stage before,
/// but for 1048k, which starts from 262k; the card of 4194k and the final configs have the critical base.
/// </summary>
public static class GradientSchedule
{
    /// <summary>The factor of the cards' dynamic NTK.</summary>
    public const double Factor = 4;

    private const int HeadSize = 128;
    private const double Theta = 500000;
    private const long Trained = 8192;

    /// <summary>The table, shortest context first.</summary>
    public static IReadOnlyList<GradientStage> Table { get; } = Make();

    private static List<GradientStage> Make()
    {
        var bases = new Dictionary<long, double> { [Trained] = Theta };
        var stages = new List<GradientStage>();
        Add(65536, Trained, "15.3M", null, null);
        Add(262144, 65536, "207.1M", 207112184, 283461213);
        Add(524288, 262144, "1.06B", null, null);
        Add(1048576, 262144, "2.80B", 2804339835, 3580165449);
        double longest = RotaryBase.Critical(Theta, 4194304, Trained);
        stages.Add(new GradientStage(4194304, Trained, longest, "45.2B", longest, null, 45218125210));
        return stages;

        void Add(long context, long from, string onCard, double? inFirstConfig, double? inConfig)
        {
            bases[context] = RotaryBase.DynamicNtk(bases[from], Factor, context, from, HeadSize);
            stages.Add(new GradientStage(context, from, bases[context], onCard, RotaryBase.Critical(Theta, context, Trained), inFirstConfig, inConfig));
        }
    }
}
