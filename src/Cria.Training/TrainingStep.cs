namespace Cria.Training;

/// <summary>What one step was like.</summary>
/// <param name="Number">Which step, from 1.</param>
/// <param name="Loss">Mean loss of a learnt token, in nats, before the step.</param>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="GradientNorm">Length of the gradient before clipping.</param>
/// <param name="TokenCount">Tokens computed.</param>
/// <param name="TargetCount">Tokens learnt.</param>
public readonly record struct TrainingStep(long Number, double Loss, double LearningRate, double GradientNorm, long TokenCount, long TargetCount);
