using System.Buffers;

namespace Cria.Tokenization;

/// <summary>A heap of (rank, place), lowest rank first and leftmost among equals; four children a node, so that a level is one cache line.</summary>
internal struct MergeHeap : IDisposable
{
    private ulong[] items;
    private int count;

    /// <summary>Makes room for the given number of entries; the heap grows beyond it when needed.</summary>
    public MergeHeap(int capacity) => items = ArrayPool<ulong>.Shared.Rent(capacity);

    /// <summary>Adds a place with its rank; both are at least zero.</summary>
    public void Push(int rank, int place)
    {
        if (count == items.Length)
            Grow();
        ulong item = ((ulong)(uint)rank << 32) | (uint)place;
        int hole = count++;
        while (hole > 0)
        {
            int parent = (hole - 1) >> 2;
            if (items[parent] <= item)
                break;
            items[hole] = items[parent];
            hole = parent;
        }
        items[hole] = item;
    }

    /// <summary>Takes the first entry; false when there is none.</summary>
    public bool TryPop(out int rank, out int place)
    {
        if (count == 0)
        {
            rank = place = 0;
            return false;
        }
        ulong top = items[0];
        rank = (int)(top >> 32);
        place = (int)(uint)top;
        ulong last = items[--count];
        int hole = 0;
        while (true)
        {
            int child = 4 * hole + 1;
            if (child >= count)
                break;
            int end = Math.Min(child + 4, count);
            int least = child;
            for (int i = child + 1; i < end; i++)
            {
                if (items[i] < items[least])
                    least = i;
            }
            if (items[least] >= last)
                break;
            items[hole] = items[least];
            hole = least;
        }
        items[hole] = last;
        return true;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(items);
        items = [];
        count = 0;
    }

    private void Grow()
    {
        ulong[] larger = ArrayPool<ulong>.Shared.Rent(items.Length * 2);
        items.AsSpan(0, count).CopyTo(larger);
        ArrayPool<ulong>.Shared.Return(items);
        items = larger;
    }
}
