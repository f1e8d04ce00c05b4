using Cria.Tensors;

namespace Cria.Evaluation.Needles;

/// <summary>A place of a needle map, and which of its numbers.</summary>
/// <param name="Context">The context's length, in tokens.</param>
/// <param name="Depth">Where the needle is wanted: 0 is the haystack's beginning, 1 its end.</param>
/// <param name="Round">Which number.</param>
public readonly record struct NeedleCell(int Context, double Depth, int Round);

/// <summary>The lengths and depths of a needle map.</summary>
public sealed class NeedleGrid
{
    /// <summary>Lays the grid out.</summary>
    /// <exception cref="CriaException">The options contradict each other.</exception>
    public NeedleGrid(NeedleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.MinContextLength < 1) throw new CriaException($"a shortest context of {options.MinContextLength} tokens makes no sense; choose at least 1");
        if (options.MaxContextLength < options.MinContextLength) throw new CriaException($"the longest context, {options.MaxContextLength}, is below the shortest, {options.MinContextLength}; choose other lengths");
        if (options.ContextInterval < 1) throw new CriaException($"an interval of {options.ContextInterval} tokens makes no sense; choose at least 1");
        if (!(options.DepthInterval is > 0 and <= 1)) throw new CriaException(FormattableString.Invariant($"a depth interval of {options.DepthInterval} makes no sense; choose more than 0 and at most 1"));
        if (options.NumberDigits is < 1 or > 18) throw new CriaException($"a number of {options.NumberDigits} digits cannot be drawn; choose 1 to 18");
        if (options.Rounds < 1) throw new CriaException($"{options.Rounds} numbers a cell make no map; choose at least 1");
        if (options.GeneratorTokens < 1) throw new CriaException($"{options.GeneratorTokens} distinct tokens make no haystack; choose at least 1");
        if (options.Distractors < 0) throw new CriaException($"{options.Distractors} distractors cannot be placed; choose 0 or more");
        if (!options.Form.Needle.Contains(NeedleForm.Number, StringComparison.Ordinal)) throw new CriaException($"the needle has no {NeedleForm.Number} for its number; write it where the number belongs");
        if (options.Distractors > 0 && options.Form.Distractor is null) throw new CriaException("a needle of one's own has no distractors; leave them out");
        long lengths = ((long)options.MaxContextLength - options.MinContextLength) / options.ContextInterval + 1, depths = (long)Math.Floor(1 / options.DepthInterval + 1e-9) + 1;
        if (lengths * depths * options.Rounds > 1_000_000) throw new CriaException($"the map would have {lengths * depths * options.Rounds} cells; choose longer intervals");
        Contexts = [.. Enumerable.Range(0, (int)lengths).Select(i => options.MinContextLength + i * options.ContextInterval)];
        // The last depth is the end, also where the interval does not divide 1.
        Depths = [.. Enumerable.Range(0, (int)depths).Select(i => Math.Round(i * options.DepthInterval, 6))];
        if (Depths[^1] < 1 - 1e-6) Depths = [.. Depths, 1];
        Rounds = options.Rounds;
    }

    /// <summary>The lengths, shortest first.</summary>
    public IReadOnlyList<int> Contexts { get; }

    /// <summary>The depths, from 0 to 1.</summary>
    public IReadOnlyList<double> Depths { get; }

    /// <summary>Numbers a cell.</summary>
    public int Rounds { get; }

    /// <summary>Every cell and number, lengths first.</summary>
    public IEnumerable<NeedleCell> Cells()
    {
        foreach (int context in Contexts)
            foreach (double depth in Depths)
                for (int round = 0; round < Rounds; round++) yield return new NeedleCell(context, depth, round);
    }
}
