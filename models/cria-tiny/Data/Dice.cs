namespace Cria.TinyData;

/// <summary>Random choices from a seed: SplitMix64, so that a seed gives the same data on every machine and runtime.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong state = seed;

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Number(int least, int most) => least + (int)(Next() % (ulong)(most - least + 1));

    /// <summary>True in this share of the calls.</summary>
    public bool Chance(double share) => (Next() >> 11) * (1.0 / (1UL << 53)) < share;

    /// <summary>One of the choices.</summary>
    public T One<T>(params IReadOnlyList<T> choices) => choices[Number(0, choices.Count - 1)];

    /// <summary>Several of the choices, all different, in random order.</summary>
    public T[] Some<T>(IReadOnlyList<T> choices, int count)
    {
        T[] all = [.. choices];
        for (int i = 0; i < count; i++)
        {
            int other = Number(i, all.Length - 1);
            (all[i], all[other]) = (all[other], all[i]);
        }
        return all[..count];
    }

    /// <summary>All of them in random order.</summary>
    public T[] Shuffled<T>(IReadOnlyList<T> choices) => Some(choices, choices.Count);

    /// <summary>A sentence form with each <c>[this|that]</c> replaced by one of its alternatives.</summary>
    public string Say(string form)
    {
        while (form.LastIndexOf('[') is int open && open >= 0)
        {
            int close = form.IndexOf(']', open);
            if (close < 0) throw new FormatException($"the form '{form}' has a [ without a ]");
            form = form[..open] + One(form[(open + 1)..close].Split('|')) + form[(close + 1)..];
        }
        return form;
    }

    private ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
