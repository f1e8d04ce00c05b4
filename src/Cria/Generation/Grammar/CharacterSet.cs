using System.Globalization;
using System.Text;

namespace Cria.Generation.Grammar;

/// <summary>A set of Unicode characters as sorted ranges of code points. Surrogates are never members: they are no characters of their own.</summary>
internal sealed class CharacterSet : IEquatable<CharacterSet>
{
    private const int Last = 0x10FFFF;

    private readonly (int First, int Last)[] ranges;

    private CharacterSet((int First, int Last)[] ranges) => this.ranges = ranges;

    /// <summary>No character.</summary>
    public static CharacterSet Empty { get; } = new([]);

    /// <summary>Every character.</summary>
    public static CharacterSet All { get; } = Of((0, Last));

    /// <summary>The ranges, sorted and apart from one another.</summary>
    public ReadOnlySpan<(int First, int Last)> Ranges => ranges;

    /// <summary>True when there is no member.</summary>
    public bool IsEmpty => ranges.Length == 0;

    /// <summary>True when every member is ASCII.</summary>
    public bool IsAscii => ranges.Length == 0 || ranges[^1].Last < 0x80;

    /// <summary>The characters of the given ranges, which may overlap and come in any order.</summary>
    public static CharacterSet Of(params ReadOnlySpan<(int First, int Last)> given)
    {
        List<(int First, int Last)> sorted = [];
        foreach ((int first, int last) in given)
        {
            if (first <= Math.Min(last, 0xD7FF))
                sorted.Add((first, Math.Min(last, 0xD7FF)));
            if (Math.Max(first, 0xE000) <= Math.Min(last, Last))
                sorted.Add((Math.Max(first, 0xE000), Math.Min(last, Last)));
        }
        sorted.Sort();
        List<(int First, int Last)> joined = [];
        foreach ((int first, int last) in sorted)
        {
            if (joined.Count > 0 && first <= joined[^1].Last + 1)
                joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, last));
            else
                joined.Add((first, last));
        }
        return new CharacterSet([.. joined]);
    }

    /// <summary>One character.</summary>
    public static CharacterSet Of(int character) => Of((character, character));

    /// <summary>The characters of the general categories whose names begin with <paramref name="name"/> (<c>L</c>, <c>Lu</c>, …); null for an unknown name.</summary>
    public static CharacterSet? Category(string name)
    {
        string[] names = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];
        if (name.Length is not (1 or 2) || !names.Any(each => each.StartsWith(name, StringComparison.Ordinal)))
            return null;
        List<(int, int)> members = [];
        for (int value = 0; value <= Last; value++)
        {
            if (Rune.IsValid(value) && names[(int)CharUnicodeInfo.GetUnicodeCategory(value)].StartsWith(name, StringComparison.Ordinal))
                members.Add((value, value));
        }
        return Of([.. members]);
    }

    /// <summary>True for a member.</summary>
    public bool Contains(int character) => ranges.Any(range => range.First <= character && character <= range.Last);

    /// <summary>The characters of either set.</summary>
    public CharacterSet Union(CharacterSet other) => Of([.. ranges, .. other.ranges]);

    /// <summary>The characters that are not members.</summary>
    public CharacterSet Complement()
    {
        List<(int, int)> gaps = [];
        int next = 0;
        foreach ((int first, int last) in ranges)
        {
            if (first > next)
                gaps.Add((next, first - 1));
            next = last + 1;
        }
        gaps.Add((next, Last));
        return Of([.. gaps]);
    }

    /// <summary>The characters of both sets.</summary>
    public CharacterSet Intersect(CharacterSet other)
    {
        List<(int, int)> common = [];
        for (int i = 0, j = 0; i < ranges.Length && j < other.ranges.Length;)
        {
            int first = Math.Max(ranges[i].First, other.ranges[j].First);
            int last = Math.Min(ranges[i].Last, other.ranges[j].Last);
            if (first <= last)
                common.Add((first, last));
            if (ranges[i].Last < other.ranges[j].Last)
                i++;
            else
                j++;
        }
        return new CharacterSet([.. common]);
    }

    /// <inheritdoc/>
    public bool Equals(CharacterSet? other) => other is not null && ranges.AsSpan().SequenceEqual(other.ranges);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CharacterSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach ((int first, int last) in ranges)
            hash.Add((first, last));
        return hash.ToHashCode();
    }
}
