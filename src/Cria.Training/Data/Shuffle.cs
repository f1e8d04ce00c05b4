using Cria.Generation;

namespace Cria.Training.Data;

/// <summary>Orders drawn by a seed and a purpose, the same on every machine.</summary>
internal static class Shuffle
{
    /// <summary>Purposes besides the epochs, which count from 0.</summary>
    public const ulong Split = ulong.MaxValue, Rows = 1UL << 32, Copies = 1UL << 33;

    /// <summary>The numbers from 0 to <paramref name="count"/> - 1 in a drawn order (Fisher and Yates).</summary>
    public static int[] Order(int count, ulong seed, ulong purpose)
    {
        var order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        Draw(order.AsSpan(), seed, purpose);
        return order;
    }

    /// <summary>Puts items in a drawn order.</summary>
    public static void Draw<T>(Span<T> items, ulong seed, ulong purpose)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = (int)(CounterRandom.Uniform(seed, purpose, (ulong)i) * (i + 1));
            (items[i], items[other]) = (items[other], items[i]);
        }
    }
}
