using System.Runtime.InteropServices;
using Cria.Tensors;
using Cria.Training.Ranks;
using Cria.Training.Ranks.Mpi;

namespace Cria.Cli.Training;

/// <summary>A command that several processes run together under <c>mpirun</c>: rank 0 speaks for all, and when one of them dies the others say how to go on.</summary>
internal static class RankScope
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1.5);

    /// <summary>Runs the work with the ranks that were started, or with null where this process was started by itself.</summary>
    public static void Run(Terminal terminal, Action<ICollectives?, Terminal> work)
    {
        if (MpiRanks.Launched <= 1)
        {
            work(null, terminal);
            return;
        }
        MpiRanks world = MpiRanks.Join();
        // mpirun ends all ranks when one has died; what the others are waiting for will never come.
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            if (world.Rank == 0) Failure.Print(terminal, "the run was ended from outside, as when another rank dies; go on from the last checkpoint with --resume");
            Environment.Exit(ExitCode.Failed);
        });
        try
        {
            work(world, world.Rank == 0 ? terminal : Terminal.OfNobody());
            MpiRanks.Leave();
        }
        catch (Exception failure) when (world.Rank > 0 && failure is CriaException or UsageException)
        {
            // What fails everywhere rank 0 tells. What this rank alone knows is heard when the others are still there after a moment.
            Thread.Sleep(Moment);
            throw new CriaException($"rank {world.Rank}: {failure.Message}", failure);
        }
    }
}
