using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;

namespace Cria.Training.Ranks;

/// <summary>
/// This process among the ranks of a training run: its ring, those it shares heads with, and all. Every rank has all weights and adds up gradients of its own tokens; summed gradients
/// and the optimizer's means are spread over all ranks by rows of the weights (ZeRO, stage 1).
/// </summary>
public sealed class TrainingRanks : ISequenceRanks
{
    private const int FingerprintBytes = 32;

    private readonly ICollectives world, ring, place;
    private float[] share = [];

    /// <summary>Divides the ranks of a run. Throws <see cref="CriaException"/> when they are more or fewer than the layout has.</summary>
    public TrainingRanks(ICollectives world, RankLayout layout)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.Count != world.Count)
            throw new CriaException($"{layout} is {layout.Count} ranks, but {world.Count} were started; start as many with mpirun -np {layout.Count}, or change --ring, --replicas and --ulysses");
        (this.world, Layout) = (world, layout);
        (int replica, Place, int headShare) = layout.At(world.Rank);
        ring = world.Split(replica * layout.Ulysses + headShare);
        place = world.Split(replica * layout.Ring + Place);
    }

    /// <summary>How the ranks share the work.</summary>
    public RankLayout Layout { get; }

    /// <summary>This rank, from 0.</summary>
    public int Rank => world.Rank;

    /// <summary>All ranks.</summary>
    public int Count => world.Count;

    /// <summary>How long this rank has waited for its ring: what computing did not hide, and for slower ranks.</summary>
    public TimeSpan RingWait { get; private set; }

    /// <summary>The rows of weights whose gradients this rank sums up and whose means it keeps.</summary>
    public RankShare Share => new(Rank, Count);

    /// <inheritdoc/>
    public int Place { get; }

    /// <inheritdoc/>
    public int Places => Layout.Ring;

    /// <inheritdoc/>
    public int HeadShares => Layout.Ulysses;

    /// <inheritdoc/>
    public int BeginShift(ReadOnlySpan<float> send, Span<float> receive) => ring.BeginShift(send, receive);

    /// <inheritdoc/>
    public void EndShift(int shift)
    {
        long begun = Stopwatch.GetTimestamp();
        ring.EndShift(shift);
        RingWait += Stopwatch.GetElapsedTime(begun);
    }

    /// <inheritdoc/>
    public void Progress() => ring.Progress();

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<float> send, Span<float> receive) => place.Exchange(send, receive);

    /// <summary>Adds values up over all ranks.</summary>
    public void Sum(Span<double> values) => world.Sum(values);

    /// <summary>True when it is true anywhere.</summary>
    public bool Any(bool value)
    {
        Span<double> sum = [value ? 1 : 0];
        world.Sum(sum);
        return sum[0] > 0;
    }

    /// <summary>Waits for all ranks.</summary>
    public void Barrier() => world.Barrier();

    /// <summary>Adds up the gradients of all ranks; afterwards this rank's <see cref="Share"/> of the rows holds the sums.</summary>
    public void SumGradients(RecordingBackend backend)
    {
        backend.CompleteGradients();
        foreach (Parameter parameter in backend.Parameters)
        {
            if (parameter.IsFrozen) continue;
            (int first, int rows) = Share.RowsOf(parameter.Rows);
            Span<float> sums = Room(rows * parameter.Columns);
            world.SumShares(parameter.GradientStretch(0, parameter.Rows), sums, Counts(parameter));
            sums.CopyTo(parameter.GradientStretch(first, rows));
        }
    }

    /// <summary>Gives all ranks the weights that each has changed.</summary>
    public void ShareWeights(IReadOnlyList<Parameter> weights)
    {
        foreach (Parameter parameter in weights) world.GatherShares(parameter.Stretch(0, parameter.Rows), Counts(parameter));
    }

    /// <summary>Brings the rows of a weight's means together at rank 0: [rows, columns]; elsewhere the result is empty.</summary>
    public float[] Collect(Parameter parameter, ReadOnlySpan<float> own)
    {
        float[] whole = Rank == 0 ? new float[parameter.Count] : [];
        world.Collect(own, whole, Counts(parameter));
        return whole;
    }

    /// <summary>Makes sure that all ranks mean the same. Throws <see cref="CriaException"/> on every rank, naming the first that differs from rank 0 and in what.</summary>
    /// <param name="what">What is compared, for the message.</param>
    /// <param name="text">All of it, as text.</param>
    public void Agree(string what, string text)
    {
        var all = new byte[Count * FingerprintBytes];
        world.Gather(SHA256.HashData(Encoding.UTF8.GetBytes(text)), all);
        for (int other = 1; other < Count; other++)
        {
            if (!all.AsSpan(other * FingerprintBytes, FingerprintBytes).SequenceEqual(all.AsSpan(0, FingerprintBytes)))
                throw new CriaException($"rank {other} has another {what} than rank 0; give every rank the same options and the same files");
        }
    }

    private int[] Counts(Parameter parameter)
    {
        var counts = new int[Count];
        for (int other = 0; other < Count; other++) counts[other] = checked(Share.RowsOf(other, parameter.Rows).Count * parameter.Columns);
        return counts;
    }

    private Span<float> Room(int count)
    {
        if (share.Length < count) share = new float[count];
        return share.AsSpan(0, count);
    }
}
