namespace Cria.Generation.Grammar;

/// <summary>Says of an instruction that it stands in one of the copies of what a grammar repeats.</summary>
/// <param name="Repeat">The index of the repetition in <see cref="GrammarProgram.Repeats"/>.</param>
/// <param name="Copy">The number of copies before this one.</param>
/// <param name="Part">Which instruction of the copy it is; those with equal parts do the same, a copy further on.</param>
internal readonly record struct RepeatMark(int Repeat, int Copy, int Part)
{
    /// <summary>Parts are numbers below this.</summary>
    public const int MostParts = 4;
}

/// <summary>How often something is repeated.</summary>
/// <param name="Least">Copies that must be taken.</param>
/// <param name="Most">Copies that may be taken; null when there is no end, and the copies behind <paramref name="Least"/> are one that leads back to itself.</param>
internal readonly record struct RepeatBounds(int Least, int? Most)
{
    /// <summary>
    /// True when nobody who goes on by at most <paramref name="reach"/> copies can tell two places among the copies apart:
    /// both are equally far from the last copy that must be taken and from the last that may be, or both too far to get there.
    /// </summary>
    public bool AreAlike(int copy, int other, int reach) => copy == other
        || (Distance(Least, copy, reach) == Distance(Least, other, reach) && (Most is not { } most || Distance(most, copy, reach) == Distance(most, other, reach)));

    // One copy more is passed at the end of the reach without a place in it, and its beginning is the bound.
    private static int Distance(int bound, int copy, int reach) => Math.Clamp(bound - copy, 0, reach + 2);
}
