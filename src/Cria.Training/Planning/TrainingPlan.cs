using Cria.Tensors;
using Cria.Training.Ranks;

namespace Cria.Training.Planning;

/// <summary>The work of a step: so many rows of so many tokens at a time, so many times.</summary>
/// <param name="Context">Tokens of a row, one document.</param>
/// <param name="BatchRows">Rows of a batch, over all replicas.</param>
/// <param name="Accumulation">Batches of a step.</param>
/// <param name="Recompute">Whether activations are computed again on the way back.</param>
/// <param name="ShardsWeights">Whether weights and gradients are spread over all ranks too (ZeRO, stage 3, which the Gradient cards used and Cria does not have) and not the optimizer alone.</param>
public sealed record PlannedWork(long Context, int BatchRows, int Accumulation, bool Recompute, bool ShardsWeights = false)
{
    /// <summary>Tokens of a step.</summary>
    public long Tokens => Context * BatchRows * Accumulation;
}

/// <summary>
/// What a step costs before it is run. With T tokens a rank and batch, Q and K features of query and key-value heads, b bytes a number, R places of a ring:
/// <code>
/// products      6 · weights · T, 8 with recomputing                     operations of a rank, forward and backward
/// attention     7 · layers · Q · context · T, 9 with recomputing        2 products forward, 5 back, half the square
/// ring          S = 2 · K · T · b a shift and layer; R − 1 forward (again when recomputing), R − 1 back with R of gradients
/// hidden        while a shift takes less time than the block that is computed meanwhile: 2 · Q · T² / rows forward, 2.5 times that back
/// heads         (U − 1) / U · (2 · Q + 2 · K) · T · b a layer, forward and back; nothing hides it
/// gradients     2 · (N − 1) / N · weights · b a step, summed and given back; nothing hides it
/// </code>
/// A ring that leaves a host is as fast as its slowest link, which the U rings of ranks that share heads share.
/// </summary>
public sealed record TrainingPlan
{
    private TrainingPlan() { }

    /// <summary>How the ranks share the work.</summary>
    public required RankLayout Layout { get; init; }

    /// <summary>Operations of one rank in a step.</summary>
    public required double Operations { get; init; }

    /// <summary>Bytes one rank sends around its ring in a step.</summary>
    public required double RingBytes { get; init; }

    /// <summary>Bytes one rank sends for shared heads, gradients and weights in a step.</summary>
    public required double OtherBytes { get; init; }

    /// <summary>Seconds of computing in a step.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Seconds in which the ring is waited for.</summary>
    public required double RingWaitSeconds { get; init; }

    /// <summary>Seconds for shared heads, gradients and weights.</summary>
    public required double OtherSeconds { get; init; }

    /// <summary>A shift's time over that of the block it must hide behind, forward; hidden up to 1. 0 without a ring.</summary>
    public required double ShiftShare { get; init; }

    /// <summary>Bytes of one rank.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Seconds of a step.</summary>
    public double Seconds => ComputeSeconds + RingWaitSeconds + OtherSeconds;

    /// <summary>Plans a step.</summary>
    public static TrainingPlan For(ModelShape model, PlannedWork work, PlannedMachine machine, RankLayout layout)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(layout);
        double layers = model.Config.LayerCount, queries = (double)model.Config.HeadCount * model.Config.HeadSize, keys = (double)model.Config.KeyValueHeadCount * model.Config.HeadSize;
        double rows = (double)work.BatchRows / layout.Replicas, tokens = rows * work.Context / (layout.Ring * layout.Ulysses), bytes = machine.ElementBytes;
        double operations = work.Accumulation * tokens * ((work.Recompute ? 8.0 : 6) * model.MatrixWeights + (work.Recompute ? 9.0 : 7) * layers * queries * work.Context);

        bool leavesHost = layout.Ring * layout.Ulysses > machine.RanksPerHost;
        double ringLink = leavesHost ? Math.Min(machine.HostBytesPerSecond, machine.NetworkBytesPerSecond / layout.Ulysses) : machine.HostBytesPerSecond;
        double shift = 2 * keys * tokens * bytes, shiftSeconds = shift / ringLink;
        // A place has the tokens of all who share its heads, and each of them a share of the heads.
        double blockSeconds = 2 * queries * tokens * tokens * layout.Ulysses / rows / machine.Speed;
        int steps = layout.Ring - 1, forwards = work.Recompute ? 2 : 1;
        double wait = layout.Ring == 1 ? 0 : work.Accumulation * layers * (steps * (forwards * Math.Max(0, shiftSeconds - blockSeconds) + Math.Max(0, 2 * shiftSeconds - 2.5 * blockSeconds)) + shiftSeconds);
        double ringBytes = layout.Ring == 1 ? 0 : work.Accumulation * layers * shift * (steps * (forwards + 2) + 1);

        double worldLink = layout.Count > machine.RanksPerHost ? Math.Min(machine.HostBytesPerSecond, machine.NetworkBytesPerSecond) : machine.HostBytesPerSecond;
        double headsLink = layout.Ulysses > machine.RanksPerHost ? worldLink : machine.HostBytesPerSecond, apart = (double)(layout.Count - 1) / layout.Count;
        double headBytes = work.Accumulation * layers * (1 + forwards) * (layout.Ulysses - 1.0) / layout.Ulysses * (2 * queries + 2 * keys) * tokens * bytes;
        double compute = operations / machine.Speed;
        // Sharded weights are gathered layer by layer while others are computed, each time they are needed.
        double weightBytes = work.ShardsWeights ? work.Accumulation * (forwards + 2) * apart * model.Weights * bytes : 2 * apart * model.Weights * bytes;
        double weightSeconds = work.ShardsWeights ? Math.Max(0, weightBytes / worldLink - compute) : weightBytes / worldLink;
        return new TrainingPlan
        {
            Layout = layout,
            Operations = operations,
            RingBytes = ringBytes,
            OtherBytes = headBytes + weightBytes,
            ComputeSeconds = compute,
            RingWaitSeconds = wait,
            OtherSeconds = headBytes / headsLink + weightSeconds,
            ShiftShare = layout.Ring == 1 ? 0 : shiftSeconds / blockSeconds,
            MemoryBytes = Memory(model, work, machine, layout),
        };
    }

    /// <summary>
    /// The fastest plan that fits in memory, over rings and replicas of <paramref name="ranks"/> ranks whose number of replicas divides the batch; where none fits, the one that needs least memory.
    /// </summary>
    public static TrainingPlan Best(ModelShape model, PlannedWork work, PlannedMachine machine, int ranks, int ulysses = 1)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(machine);
        var plans = new List<TrainingPlan>();
        for (int ring = 1; ring * ulysses <= ranks; ring++)
        {
            if (ranks % (ring * ulysses) != 0 || work.BatchRows % (ranks / (ring * ulysses)) != 0) continue;
            plans.Add(For(model, work, machine, new RankLayout(ring, ranks / (ring * ulysses), ulysses)));
        }
        if (plans.Count == 0) throw new CriaException($"{ranks} ranks cannot share {work.BatchRows} rows; choose ranks that {ulysses} divides and a batch that the replicas divide");
        return plans.Where(plan => plan.MemoryBytes <= machine.MemoryBytes).MinBy(plan => plan.Seconds) ?? plans.MinBy(plan => plan.MemoryBytes)!;
    }

    /// <summary><see cref="TrainingMemory"/> for numbers of that size; with two bytes a number, the optimizer has weights in floats beside its means.</summary>
    private static long Memory(ModelShape model, PlannedWork work, PlannedMachine machine, RankLayout layout)
    {
        TrainingMemory floats = TrainingMemory.Of(model.Config, model.Weights, 0, work.BatchRows * work.Context, work.Recompute, layout);
        long state = (machine.ElementBytes == 4 ? 8 : 12) * model.Weights / layout.Count, values = 2L * machine.ElementBytes * model.Weights / (work.ShardsWeights ? layout.Count : 1);
        return state + values + (floats.Activations + floats.WayBack) * machine.ElementBytes / 4;
    }
}
