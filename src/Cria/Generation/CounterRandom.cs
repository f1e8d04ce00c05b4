namespace Cria.Generation;

/// <summary>
/// Philox4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random numbers that are a function of a key and a counter.
/// A draw depends on the seed, the sequence and the step alone, so it is the same however steps are batched.
/// </summary>
internal static class CounterRandom
{
    /// <summary>A uniform number in [0, 1) of 53 bits.</summary>
    public static double Uniform(ulong seed, ulong sequence, ulong step)
    {
        (uint low, uint high, _, _) = Block((uint)seed, (uint)(seed >> 32), (uint)step, (uint)(step >> 32), (uint)sequence, (uint)(sequence >> 32));
        return Fraction(low, high);
    }

    /// <summary>Another one of the same step, from the half of the block that <see cref="Uniform"/> leaves.</summary>
    public static double SecondUniform(ulong seed, ulong sequence, ulong step)
    {
        (_, _, uint low, uint high) = Block((uint)seed, (uint)(seed >> 32), (uint)step, (uint)(step >> 32), (uint)sequence, (uint)(sequence >> 32));
        return Fraction(low, high);
    }

    /// <summary>Ten rounds over a counter of four words under a key of two.</summary>
    public static (uint, uint, uint, uint) Block(uint key0, uint key1, uint c0, uint c1, uint c2, uint c3)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ key0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ key1, (uint)p0);
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }

    private static double Fraction(uint low, uint high) => ((((ulong)high << 32) | low) >> 11) * (1.0 / (1UL << 53));
}
