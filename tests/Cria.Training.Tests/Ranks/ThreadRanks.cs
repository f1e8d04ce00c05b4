using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cria.Training.Ranks;

namespace Cria.Tests.Ranks;

/// <summary>Ranks that are threads of this process. What they do together goes through memory that all see.</summary>
internal sealed unsafe class ThreadRanks : ICollectives
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Group group;
    private readonly Dictionary<int, (nint Place, int Count)> receiving = [];
    private int begun;

    private ThreadRanks(Group group, int rank) => (this.group, Rank) = (group, rank);

    public int Rank { get; }

    public int Count => group.Count;

    /// <summary>Runs the work on so many ranks and returns their results in order; the first failure is thrown.</summary>
    public static T[] Run<T>(int count, Func<ICollectives, T> work)
    {
        var group = new Group(count);
        var results = new T[count];
        var failures = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = work(new ThreadRanks(group, rank));
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        // Those who waited for the one that failed come after it.
        Exception? first = failures.FirstOrDefault(failure => failure is not null and not TimeoutException) ?? failures.FirstOrDefault(failure => failure is not null);
        return first is null ? results : throw new AggregateException(first.Message, first);
    }

    public ICollectives Split(int color)
    {
        var colors = new byte[sizeof(int) * Count];
        Gather(BitConverter.GetBytes(color), colors);
        int[] all = MemoryMarshal.Cast<byte, int>(colors).ToArray();
        int[] members = [.. Enumerable.Range(0, Count).Where(rank => all[rank] == color)];
        lock (group.Parts)
        {
            if (!group.Parts.TryGetValue((begun, color), out Group? part)) group.Parts.Add((begun, color), part = new Group(members.Length));
            begun++;
            return new ThreadRanks(part, Array.IndexOf(members, Rank));
        }
    }

    public void Barrier() => group.Meet();

    public void Sum(Span<double> values)
    {
        fixed (double* own = values)
        {
            var sums = new double[values.Length];
            Publish((nint)own);
            for (int rank = 0; rank < Count; rank++)
                for (int i = 0; i < sums.Length; i++) sums[i] += ((double*)group.Places[rank])[i];
            Barrier();
            sums.CopyTo(values);
        }
    }

    public void SumShares(ReadOnlySpan<float> values, Span<float> share, ReadOnlySpan<int> counts)
    {
        fixed (float* own = values)
        {
            Publish((nint)own);
            int first = Offset(counts, Rank);
            for (int i = 0; i < share.Length; i++)
            {
                share[i] = 0;
                for (int rank = 0; rank < Count; rank++) share[i] += ((float*)group.Places[rank])[first + i];
            }
            Barrier();
        }
    }

    public void GatherShares(Span<float> values, ReadOnlySpan<int> counts)
    {
        fixed (float* own = values)
        {
            Publish((nint)own);
            for (int rank = 0; rank < Count; rank++)
                if (rank != Rank) Copy((float*)group.Places[rank] + Offset(counts, rank), own + Offset(counts, rank), counts[rank]);
            Barrier();
        }
    }

    public void Collect(ReadOnlySpan<float> share, Span<float> values, ReadOnlySpan<int> counts)
    {
        fixed (float* own = share)
        fixed (float* all = values)
        {
            Publish((nint)own);
            for (int rank = 0; Rank == 0 && rank < Count; rank++) Copy((float*)group.Places[rank], all + Offset(counts, rank), counts[rank]);
            Barrier();
        }
    }

    public void Gather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        fixed (byte* place = own)
        {
            Publish((nint)place);
            for (int rank = 0; rank < Count; rank++) new Span<byte>((void*)group.Places[rank], own.Length).CopyTo(all[(rank * own.Length)..]);
            Barrier();
        }
    }

    public void Exchange(ReadOnlySpan<float> send, Span<float> receive)
    {
        int block = send.Length / Count;
        fixed (float* own = send)
        fixed (float* to = receive)
        {
            Publish((nint)own);
            for (int rank = 0; rank < Count; rank++) Copy((float*)group.Places[rank] + Rank * block, to + rank * block, block);
            Barrier();
        }
    }

    public int BeginShift(ReadOnlySpan<float> send, Span<float> receive)
    {
        receiving.Add(begun, ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(receive)), receive.Length));
        lock (group.Messages)
        {
            group.Messages.Add(((Rank + 1) % Count, begun), send.ToArray());
            Monitor.PulseAll(group.Messages);
        }
        return begun++;
    }

    public void EndShift(int shift)
    {
        receiving.Remove(shift, out (nint Place, int Count) place);
        lock (group.Messages)
        {
            float[]? message;
            while (!group.Messages.Remove((Rank, shift), out message))
                if (!Monitor.Wait(group.Messages, Patience)) throw new TimeoutException("no message comes");
            message.CopyTo(new Span<float>((void*)place.Place, place.Count));
        }
    }

    public void Progress()
    {
    }

    private static int Offset(ReadOnlySpan<int> counts, int rank)
    {
        int sum = 0;
        for (int i = 0; i < rank; i++) sum += counts[i];
        return sum;
    }

    private static void Copy(float* from, float* to, int count) => new Span<float>(from, count).CopyTo(new Span<float>(to, count));

    private void Publish(nint place)
    {
        group.Places[Rank] = place;
        Barrier();
    }

    private sealed class Group(int count)
    {
        private int arrived;
        private long meetings;

        public int Count { get; } = count;

        public nint[] Places { get; } = new nint[count];

        public Dictionary<(int Split, int Color), Group> Parts { get; } = [];

        public Dictionary<(int Rank, int Shift), float[]> Messages { get; } = [];

        /// <summary>Waits until all have come.</summary>
        public void Meet()
        {
            lock (Places)
            {
                long own = meetings;
                if (++arrived == Count)
                {
                    arrived = 0;
                    meetings++;
                    Monitor.PulseAll(Places);
                    return;
                }
                while (meetings == own)
                    if (!Monitor.Wait(Places, Patience)) throw new TimeoutException("a rank does not come");
            }
        }
    }
}
