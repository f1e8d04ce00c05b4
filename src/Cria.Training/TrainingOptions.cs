using System.Globalization;
using Cria.Tensors;

namespace Cria.Training;

/// <summary>How the learning rate goes on after the warm-up.</summary>
public enum Schedule
{
    /// <summary>It stays.</summary>
    Constant,
    /// <summary>It falls in a straight line.</summary>
    Linear,
    /// <summary>It falls as half a wave of the cosine.</summary>
    Cosine,
}

/// <summary>What a user chooses about a training run.</summary>
public sealed record TrainingOptions
{
    /// <summary>Steps in all, those before a resumption included.</summary>
    public required long Steps { get; init; }

    /// <summary>Rows of a batch.</summary>
    public int BatchRows { get; init; } = 4;

    /// <summary>Tokens of a row.</summary>
    public int RowLength { get; init; } = 512;

    /// <summary>Batches whose gradients are added up for one step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Where a falling learning rate ends, as a share of the highest.</summary>
    public double FinalShare { get; init; } = 0.1;

    /// <summary>Steps over which the learning rate rises from nothing.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>How it goes on.</summary>
    public Schedule Schedule { get; init; } = Schedule.Cosine;

    /// <summary>Decay of matrices a step, times the learning rate.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Share of the mean gradient kept at each step.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Share of the mean squared gradient kept at each step.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>AdamW's ε.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Longest gradient, all weights together; longer ones are shortened. 0: any.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Decides the order of the data and dropout.</summary>
    public ulong Seed { get; init; }

    /// <summary>The learning rate of a step, counted from 0.</summary>
    public double RateOf(long step)
    {
        if (step < WarmupSteps) return LearningRate * (step + 1) / WarmupSteps;
        double progress = Math.Clamp((double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps), 0, 1);
        double share = Schedule switch
        {
            Schedule.Linear => 1 - (1 - FinalShare) * progress,
            Schedule.Cosine => FinalShare + (1 - FinalShare) * (1 + Math.Cos(Math.PI * progress)) / 2,
            _ => 1,
        };
        return LearningRate * share;
    }

    /// <summary>Throws <see cref="CriaException"/> when a choice makes no sense.</summary>
    public void Check()
    {
        Require(Steps > 0, "steps", Steps, "1 or more");
        Require(BatchRows is > 0 and <= 1 << 16, "rows of a batch", BatchRows, "1 to 65536");
        Require(RowLength is > 0 and <= 1 << 24, "tokens of a row", RowLength, "1 or more");
        Require((long)BatchRows * RowLength <= 1 << 24, "tokens of a batch", (long)BatchRows * RowLength, "16 million at most; accumulate gradients over smaller batches instead");
        Require(Accumulation is > 0 and <= 1 << 20, "batches a step", Accumulation, "1 or more");
        Require(double.IsFinite(LearningRate) && LearningRate > 0, "learning rate", LearningRate, "more than 0");
        Require(FinalShare is >= 0 and <= 1, "final share of the learning rate", FinalShare, "0 to 1");
        Require(WarmupSteps >= 0, "warm-up steps", WarmupSteps, "0 or more");
        Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, "weight decay", WeightDecay, "0 or more");
        Require(Beta1 is >= 0 and < 1, "beta 1", Beta1, "0 to below 1");
        Require(Beta2 is >= 0 and < 1, "beta 2", Beta2, "0 to below 1");
        Require(double.IsFinite(Epsilon) && Epsilon > 0, "epsilon", Epsilon, "more than 0");
        Require(double.IsFinite(ClipNorm) && ClipNorm >= 0, "clipping", ClipNorm, "0 or more");
    }

    private static void Require<T>(bool holds, string what, T value, string wanted)
    {
        if (!holds) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{what}: {value} cannot be; choose {wanted}"));
    }
}
