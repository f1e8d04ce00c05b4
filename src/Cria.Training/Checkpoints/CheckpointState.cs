using Cria.Training.Data;

namespace Cria.Training.Checkpoints;

/// <summary>What a checkpoint says beside its tensors.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Tokens">Tokens computed.</param>
/// <param name="OptimizerStep">Steps of the optimizer.</param>
/// <param name="Cursor">The place in the data.</param>
/// <param name="Seed">The seed of the run: with the step it is the state of everything random.</param>
/// <param name="UsualLoss">The running mean that an explosion is measured by.</param>
/// <param name="Data">What data the cursor is a place in, see <see cref="IBatchSource.Identity"/>; null where nobody knows.</param>
public sealed record CheckpointState(long Step, long Tokens, long OptimizerStep, DataCursor Cursor, ulong Seed, double UsualLoss, string? Data);
