using System.Runtime.InteropServices;

namespace Cria.Training.Ranks.Mpi;

/// <summary>
/// The C interface of Open MPI. Its predefined handles are addresses of exported symbols; those of other implementations are numbers, so that another one would be another file like this.
/// </summary>
internal static class OpenMpi
{
    /// <summary>In place of a buffer: the values are where the result goes.</summary>
    public const nint InPlace = 1;

    /// <summary>From whom and with what tag does not matter.</summary>
    public const int Any = -1;

    private const string Library = "mpi";
    private static readonly string[] Names = ["libmpi.so.40", "libmpi.so.80", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"];
    private static nint loaded;

    /// <summary>Loads the library; false where it is not installed or is another implementation.</summary>
    public static bool TryLoad()
    {
        if (loaded != 0) return true;
        foreach (string name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out nint library)) continue;
            if (!NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _))
            {
                NativeLibrary.Free(library);
                continue;
            }
            loaded = library;
            NativeLibrary.SetDllImportResolver(typeof(OpenMpi).Assembly, (asked, _, _) => asked == Library ? loaded : 0);
            return true;
        }
        return false;
    }

    /// <summary>A predefined handle.</summary>
    public static nint Handle(string symbol) => NativeLibrary.GetExport(loaded, symbol);

    [DllImport(Library)]
    public static extern int MPI_Init_thread(nint count, nint arguments, int required, out int provided);

    [DllImport(Library)]
    public static extern int MPI_Finalize();

    [DllImport(Library)]
    public static extern int MPI_Comm_set_errhandler(nint comm, nint handler);

    [DllImport(Library)]
    public static extern int MPI_Error_string(int code, ref byte text, out int length);

    [DllImport(Library)]
    public static extern int MPI_Comm_rank(nint comm, out int rank);

    [DllImport(Library)]
    public static extern int MPI_Comm_size(nint comm, out int size);

    [DllImport(Library)]
    public static extern int MPI_Comm_split(nint comm, int color, int key, out nint part);

    [DllImport(Library)]
    public static extern int MPI_Barrier(nint comm);

    [DllImport(Library)]
    public static extern int MPI_Allreduce(nint send, ref double receive, int count, nint type, nint operation, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Reduce_scatter(ref float send, ref float receive, int[] counts, nint type, nint operation, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Allgatherv(nint send, int sendCount, nint sendType, ref float receive, int[] counts, int[] offsets, nint type, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Gatherv(ref float send, int sendCount, nint sendType, ref float receive, int[] counts, int[] offsets, nint type, int root, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Allgather(ref byte send, int sendCount, nint sendType, ref byte receive, int count, nint type, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Alltoall(ref float send, int sendCount, nint sendType, ref float receive, int count, nint type, nint comm);

    [DllImport(Library)]
    public static extern int MPI_Isend(ref float data, int count, nint type, int target, int tag, nint comm, out nint request);

    [DllImport(Library)]
    public static extern int MPI_Irecv(ref float data, int count, nint type, int source, int tag, nint comm, out nint request);

    [DllImport(Library)]
    public static extern int MPI_Waitall(int count, nint[] requests, nint statuses);

    [DllImport(Library)]
    public static extern int MPI_Iprobe(int source, int tag, nint comm, out int flag, nint status);
}
