using System.Runtime.InteropServices;

namespace Cria.Tokenization.Training;

/// <summary>How often each pair of neighbouring symbols occurs, and in which words it may; gives the most frequent pair.</summary>
internal sealed class PairCounts
{
    private readonly Dictionary<ulong, int> indexOf = [];
    private readonly List<Pair> pairs = [];

    // Words of pairs as linked lists in one array: a word and the entry before it.
    private readonly List<(int Word, int Before)> places = [];
    private readonly PriorityQueue<int, Order> queue = new();
    private readonly List<int> grown = [];

    /// <summary>Changes the count of a pair; a positive change also notes the word.</summary>
    public void Add(int left, int right, long change, int word)
    {
        ulong key = ((ulong)(uint)left << 32) | (uint)right;
        ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(indexOf, key, out bool known);
        if (!known)
        {
            index = pairs.Count;
            pairs.Add(new Pair { Key = key, LastPlace = -1 });
        }
        ref Pair pair = ref CollectionsMarshal.AsSpan(pairs)[index];
        pair.Count += change;
        if (change <= 0)
            return;
        if (pair.LastPlace < 0 || places[pair.LastPlace].Word != word)
        {
            places.Add((word, pair.LastPlace));
            pair.LastPlace = places.Count - 1;
        }
        if (!pair.IsGrown)
        {
            pair.IsGrown = true;
            grown.Add(index);
        }
    }

    /// <summary>Queues the pairs that have grown since the last call at their present counts.</summary>
    public void Queue()
    {
        Span<Pair> all = CollectionsMarshal.AsSpan(pairs);
        foreach (int index in grown)
        {
            all[index].IsGrown = false;
            if (all[index].Count > 0)
                queue.Enqueue(index, new Order(all[index].Count, all[index].Key));
        }
        grown.Clear();
    }

    /// <summary>Takes the most frequent pair, of equals the one with the lowest symbols, left before right; false when none occurs <paramref name="minimum"/> times.</summary>
    /// <param name="minimum">The least count.</param>
    /// <param name="left">The left symbol.</param>
    /// <param name="right">The right symbol.</param>
    /// <param name="words">Receives the words that hold the pair, in order, and perhaps some that held it once.</param>
    public bool TryTake(long minimum, out int left, out int right, List<int> words)
    {
        words.Clear();
        while (queue.TryDequeue(out int index, out Order order))
        {
            ref Pair pair = ref CollectionsMarshal.AsSpan(pairs)[index];
            if (pair.Count != order.Count)
            {
                // Queued before the count fell, or twice.
                if (pair.Count > 0 && pair.Count < order.Count)
                    queue.Enqueue(index, new Order(pair.Count, pair.Key));
                continue;
            }
            if (pair.Count < minimum)
                break;
            left = (int)(pair.Key >> 32);
            right = (int)(uint)pair.Key;
            for (int place = pair.LastPlace; place >= 0; place = places[place].Before)
                words.Add(places[place].Word);
            words.Sort();
            return true;
        }
        left = right = -1;
        return false;
    }

    /// <summary>Forgets a pair that has been merged everywhere.</summary>
    public void Remove(int left, int right)
    {
        ref Pair pair = ref CollectionsMarshal.AsSpan(pairs)[indexOf[((ulong)(uint)left << 32) | (uint)right]];
        pair.Count = 0;
        pair.LastPlace = -1;
    }

    private struct Pair
    {
        public ulong Key;
        public long Count;
        public int LastPlace;
        public bool IsGrown;
    }

    private readonly record struct Order(long Count, ulong Key) : IComparable<Order>
    {
        public int CompareTo(Order other) => Count != other.Count ? other.Count.CompareTo(Count) : Key.CompareTo(other.Key);
    }
}
