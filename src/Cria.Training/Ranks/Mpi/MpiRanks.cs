using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Cria.Tensors;

namespace Cria.Training.Ranks.Mpi;

/// <summary>The processes that <c>mpirun</c> has started. All calls come from the thread that joined.</summary>
public sealed class MpiRanks : ICollectives
{
    private const int Funneled = 1, LongestError = 256, Tag = 7;
    private const string PackagesHint = "install Open MPI (Debian: openmpi-bin libopenmpi3)";

    private static MpiRanks? world;

    private readonly nint comm, floats, bytes, sum;
    private readonly Dictionary<int, nint[]> shifts = [];
    private int begun;

    private MpiRanks(nint comm)
    {
        this.comm = comm;
        (floats, bytes, sum) = (OpenMpi.Handle("ompi_mpi_float"), OpenMpi.Handle("ompi_mpi_byte"), OpenMpi.Handle("ompi_mpi_op_sum"));
        Check(OpenMpi.MPI_Comm_set_errhandler(comm, OpenMpi.Handle("ompi_mpi_errors_return")));
        Check(OpenMpi.MPI_Comm_rank(comm, out int rank));
        Check(OpenMpi.MPI_Comm_size(comm, out int count));
        (Rank, Count) = (rank, count);
    }

    /// <summary>How many ranks <c>mpirun</c> has started; 0 where this process was started by itself.</summary>
    public static int Launched => Number("OMPI_COMM_WORLD_SIZE");

    /// <summary>Ranks on this host, this one included; 1 where it was started by itself.</summary>
    public static int OnThisHost => Math.Max(1, Number("OMPI_COMM_WORLD_LOCAL_SIZE"));

    /// <summary>Joins the other processes, once. Throws <see cref="CriaException"/> where MPI is not installed.</summary>
    public static MpiRanks Join()
    {
        if (world is not null) return world;
        if (!OpenMpi.TryLoad()) throw new CriaException($"several ranks need MPI, but libmpi cannot be loaded; {PackagesHint}, and start with mpirun");
        if (OpenMpi.MPI_Init_thread(0, 0, Funneled, out _) != 0) throw new CriaException($"MPI does not start; {PackagesHint} of one version on every host");
        return world = new MpiRanks(OpenMpi.Handle("ompi_mpi_comm_world"));
    }

    /// <summary>Takes leave of the other processes, when all are done. A process that has joined and ends without it ends the others too.</summary>
    public static void Leave()
    {
        if (world is null) return;
        _ = OpenMpi.MPI_Finalize();
        world = null;
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public ICollectives Split(int color)
    {
        Check(OpenMpi.MPI_Comm_split(comm, color, Rank, out nint part));
        return new MpiRanks(part);
    }

    /// <inheritdoc/>
    public void Barrier() => Check(OpenMpi.MPI_Barrier(comm));

    /// <inheritdoc/>
    public void Sum(Span<double> values) => Check(OpenMpi.MPI_Allreduce(OpenMpi.InPlace, ref MemoryMarshal.GetReference(values), values.Length, OpenMpi.Handle("ompi_mpi_double"), sum, comm));

    /// <inheritdoc/>
    public void SumShares(ReadOnlySpan<float> values, Span<float> share, ReadOnlySpan<int> counts) =>
        Check(OpenMpi.MPI_Reduce_scatter(ref MemoryMarshal.GetReference(values), ref MemoryMarshal.GetReference(share), counts.ToArray(), floats, sum, comm));

    /// <inheritdoc/>
    public void GatherShares(Span<float> values, ReadOnlySpan<int> counts) =>
        Check(OpenMpi.MPI_Allgatherv(OpenMpi.InPlace, 0, floats, ref MemoryMarshal.GetReference(values), counts.ToArray(), Offsets(counts), floats, comm));

    /// <inheritdoc/>
    public void Collect(ReadOnlySpan<float> share, Span<float> values, ReadOnlySpan<int> counts) =>
        Check(OpenMpi.MPI_Gatherv(ref MemoryMarshal.GetReference(share), share.Length, floats, ref MemoryMarshal.GetReference(values), counts.ToArray(), Offsets(counts), floats, 0, comm));

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<byte> own, Span<byte> all) =>
        Check(OpenMpi.MPI_Allgather(ref MemoryMarshal.GetReference(own), own.Length, bytes, ref MemoryMarshal.GetReference(all), own.Length, bytes, comm));

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<float> send, Span<float> receive) =>
        Check(OpenMpi.MPI_Alltoall(ref MemoryMarshal.GetReference(send), send.Length / Count, floats, ref MemoryMarshal.GetReference(receive), receive.Length / Count, floats, comm));

    /// <inheritdoc/>
    public int BeginShift(ReadOnlySpan<float> send, Span<float> receive)
    {
        var requests = new nint[2];
        // Receiving first, so that no message arrives before there is a place for it; messages between two ranks keep their order.
        Check(OpenMpi.MPI_Irecv(ref MemoryMarshal.GetReference(receive), receive.Length, floats, (Rank + Count - 1) % Count, Tag, comm, out requests[0]));
        Check(OpenMpi.MPI_Isend(ref MemoryMarshal.GetReference(send), send.Length, floats, (Rank + 1) % Count, Tag, comm, out requests[1]));
        shifts.Add(begun, requests);
        return begun++;
    }

    /// <inheritdoc/>
    public void EndShift(int shift)
    {
        shifts.Remove(shift, out nint[]? requests);
        Check(OpenMpi.MPI_Waitall(2, requests ?? throw new ArgumentOutOfRangeException(nameof(shift)), 0));
    }

    /// <inheritdoc/>
    public void Progress() => Check(OpenMpi.MPI_Iprobe(OpenMpi.Any, OpenMpi.Any, comm, out _, 0));

    private static int[] Offsets(ReadOnlySpan<int> counts)
    {
        var offsets = new int[counts.Length];
        for (int i = 1; i < offsets.Length; i++) offsets[i] = checked(offsets[i - 1] + counts[i - 1]);
        return offsets;
    }

    private static int Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;

    private static void Check(int code)
    {
        if (code == 0) return;
        var text = new byte[LongestError];
        _ = OpenMpi.MPI_Error_string(code, ref text[0], out int length);
        throw new CriaException($"the ranks cannot reach each other: {Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length))}; go on from the last checkpoint with --resume");
    }
}
