using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Extension;

/// <summary>One application of a rule.</summary>
/// <param name="From">The context it starts from, in tokens.</param>
/// <param name="To">The context it reaches.</param>
/// <param name="Theta">The base it gives.</param>
public sealed record RotaryStage(long From, long To, double Theta);

/// <summary>What extending changes about a model: its context, its rotary base, and how positions are stretched. No weight changes.</summary>
public sealed record RotaryPlan
{
    private RotaryPlan() { }

    /// <summary>The context reached, in tokens.</summary>
    public required long Context { get; init; }

    /// <summary>The context the model was trained on, where the rule starts.</summary>
    public required long TrainedContext { get; init; }

    /// <summary>The base before.</summary>
    public required double OldTheta { get; init; }

    /// <summary>The base after.</summary>
    public required double Theta { get; init; }

    /// <summary>How positions are stretched after.</summary>
    public required RopeScaling Scaling { get; init; }

    /// <summary>The stages on the way to it.</summary>
    public required IReadOnlyList<RotaryStage> Stages { get; init; }

    /// <summary>How positions were stretched before, which the plan replaces; <see cref="RopeRule.None"/> where they were not.</summary>
    public required RopeRule Replaces { get; init; }

    /// <summary>The inverse frequencies after: [headSize / 2].</summary>
    public RopeFrequencies Frequencies(int headSize) => RopeFrequencies.Create(headSize, Theta, Scaling);

    /// <summary>Plans the extension of a model. A rule that the model has already is replaced: the start is the context and the base it was trained with.</summary>
    /// <exception cref="CriaException">The options contradict each other or the model.</exception>
    public static RotaryPlan For(ITensorSource source, ExtensionOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        LlamaConfig config = LlamaConfig.From(source);
        bool hasDivisors = source.TryGet(RopeDivisors.TensorName, out _);
        RopeRule old = hasDivisors ? RopeRule.Llama3 : config.RopeScaling.Rule;
        if (old != RopeRule.None && options.TrainedContext is null && !source.Metadata.Contains("llama.rope.scaling.original_context_length"))
            throw new CriaException($"{source.Path} stretches positions already ({old.ToString().ToLowerInvariant()}) and does not say what context it was trained on; give it with --from");
        long trained = options.TrainedContext ?? (old == RopeRule.None ? config.ContextLength : source.Metadata.Integer("llama.rope.scaling.original_context_length"));
        return For(config.RopeTheta, trained, config.HeadSize, options) with { Replaces = old };
    }

    /// <summary>Plans the extension of a model with heads of <paramref name="headSize"/> features that was trained on <paramref name="trained"/> tokens with the base <paramref name="theta"/>.</summary>
    /// <exception cref="CriaException">The options contradict each other or the model.</exception>
    public static RotaryPlan For(double theta, long trained, int headSize, ExtensionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(theta, trained, headSize, options);
        bool raisesBase = options.Rule is ExtensionRule.DynamicNtk or ExtensionRule.Ntk or ExtensionRule.CriticalBase or ExtensionRule.Base;
        if (!raisesBase && options.Stages.Count > 0) throw new CriaException("stages make sense with rules that raise the base (ntk, dynamic-ntk, critical); linear, yarn and llama3 always stretch from the trained context");
        var stages = new List<RotaryStage>();
        double now = theta;
        long from = trained;
        foreach (long to in options.Stages.Append(options.Context))
        {
            now = options.Rule switch
            {
                ExtensionRule.DynamicNtk => RotaryBase.DynamicNtk(now, options.Factor ?? GradientSchedule.Factor, to, from, headSize),
                ExtensionRule.Ntk => RotaryBase.NtkAware(now, options.Factor ?? (double)to / from, headSize),
                ExtensionRule.CriticalBase => RotaryBase.Critical(now, to, from),
                ExtensionRule.Base => options.Theta!.Value,
                _ => now,
            };
            stages.Add(new RotaryStage(from, to, now));
            from = to;
        }
        if (!double.IsFinite(now) || now > float.MaxValue) throw new CriaException(FormattableString.Invariant($"a context of {options.Context} tokens would need a base beyond all numbers; choose a shorter one"));
        double stretch = options.Factor ?? (double)options.Context / trained;
        return new RotaryPlan
        {
            Context = options.Context,
            TrainedContext = trained,
            OldTheta = theta,
            Theta = now,
            Stages = stages,
            Replaces = RopeRule.None,
            Scaling = options.Rule switch
            {
                ExtensionRule.Linear => new RopeScaling(RopeRule.Linear, stretch, trained),
                ExtensionRule.Yarn => new RopeScaling(RopeRule.Yarn, stretch, trained) { BetaFast = options.BetaFast, BetaSlow = options.BetaSlow, AttentionFactor = options.AttentionFactor },
                ExtensionRule.Llama3 => new RopeScaling(RopeRule.Llama3, stretch, trained) { LowFrequencyFactor = options.LowFrequencyFactor, HighFrequencyFactor = options.HighFrequencyFactor },
                _ => RopeScaling.None,
            },
        };
    }

    private static void Check(double theta, long trained, int headSize, ExtensionOptions options)
    {
        if (trained < 7) throw new CriaException(FormattableString.Invariant($"a trained context of {trained} tokens cannot be extended; give the context the model was trained on with --from"));
        if (headSize < 4) throw new CriaException(FormattableString.Invariant($"heads of {headSize} features have too few rotary pairs to extend"));
        long last = trained;
        foreach (long to in options.Stages.Append(options.Context))
        {
            // A base of one's own may be tried where the model already is.
            if (to < last || (to == last && options.Rule != ExtensionRule.Base))
                throw new CriaException(last == trained
                    ? FormattableString.Invariant($"the model was trained on {trained} tokens already, so a context of {to} is no extension; choose a longer one, or give the trained context with --from")
                    : FormattableString.Invariant($"the stage {to} is not longer than the one before it, {last}; name stages from short to long, all below the context {options.Context}"));
            last = to;
        }
        if (options.Context > int.MaxValue) throw new CriaException(FormattableString.Invariant($"a context of {options.Context} tokens is beyond what any file format holds ({int.MaxValue}); choose a shorter one"));
        if (options.Factor is { } factor && (!double.IsFinite(factor) || factor < 1)) throw new CriaException(FormattableString.Invariant($"a factor of {factor} does not extend; choose 1 or more"));
        if (options is { Rule: ExtensionRule.CriticalBase, Factor: not null }) throw new CriaException("the critical base has no factor; it follows from the two contexts");
        if (options.Rule == ExtensionRule.Base && !(options.Theta > 1 && double.IsFinite(options.Theta.Value))) throw new CriaException("name the base, a number above 1, with --theta");
        if (options.Rule != ExtensionRule.Base && options.Theta is not null) throw new CriaException("a base and a rule that computes one contradict each other; give one of them");
        if (options.HighFrequencyFactor <= options.LowFrequencyFactor) throw new CriaException(FormattableString.Invariant($"the high frequency factor {options.HighFrequencyFactor} must be above the low one, {options.LowFrequencyFactor}"));
        if (options.BetaFast <= options.BetaSlow) throw new CriaException(FormattableString.Invariant($"beta fast {options.BetaFast} must be above beta slow, {options.BetaSlow}"));
        if (theta <= 1) throw new CriaException(FormattableString.Invariant($"a base of {theta} cannot be raised"));
    }
}
