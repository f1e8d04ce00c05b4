using System.Reflection;

namespace Cria.TinyData;

/// <summary>The word lists beside this file, and names that are made up.</summary>
internal static class Words
{
    private static readonly string[] Onsets = ["b", "br", "d", "dr", "f", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p", "qu", "r", "s", "st", "t", "tr", "v", "w", "z"];
    private static readonly string[] Vowels = ["a", "e", "i", "o", "u", "ai", "ee", "ou"];
    private static readonly string[] Endings = ["", "", "n", "r", "l", "m", "s", "k", "th", "x", "nd", "ra", "lo", "mi"];

    public static string[] Girls { get; } = Lines("girls");
    public static string[] Boys { get; } = Lines("boys");
    public static string[] Things { get; } = Lines("things");
    public static string[] Places { get; } = Lines("places");
    public static string[] Spots { get; } = Lines("spots");
    public static string[] Animals { get; } = Lines("animals");
    public static string[] Pets { get; } = Lines("pets");
    public static string[] PetNames { get; } = Lines("petnames");
    public static string[] Fruits { get; } = Lines("fruits");
    public static string[] Vegetables { get; } = Lines("vegetables");
    public static string[] Countables { get; } = Lines("countables");
    public static string[] Foods { get; } = Lines("foods");
    public static string[] Jobs { get; } = Lines("jobs");
    public static string[] Colours { get; } = Lines("colours");
    public static string[] Materials { get; } = Lines("materials");
    public static string[] Weekdays { get; } = Lines("weekdays");
    public static string[] Months { get; } = Lines("months");
    public static string[] Adjectives { get; } = Lines("adjectives");
    public static string[] Verbs { get; } = Lines("verbs");
    public static string[] Tasks { get; } = Lines("tasks");
    public static string[] Events { get; } = Lines("events");
    public static (string Left, string Right)[] Opposites { get; } = Pairs("opposites", ':');
    public static (string Country, string City)[] Capitals { get; } = Pairs("capitals", ':');
    public static (string Word, string Meaning)[] Definitions { get; } = Pairs("definitions", '|');

    /// <summary>All single words of the lists in small letters, each once: what word tasks are about.</summary>
    public static string[] All { get; } =
    [
        .. new[] { Things, Animals, Fruits, Vegetables, Countables, Foods, Jobs, Colours, Materials, Adjectives, Verbs }
            .SelectMany(list => list).Where(word => !word.Contains(' ', StringComparison.Ordinal)).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The lines of a list.</summary>
    public static string[] Lines(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".txt") ?? throw new FileNotFoundException($"there is no word list '{name}'");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
    }

    /// <summary>A name nobody has: two or three syllables, some ten thousand different ones.</summary>
    public static string Invented(Dice dice)
    {
        string name = "";
        for (int syllables = dice.Number(1, 2); syllables > 0; syllables--) name += dice.One(Onsets) + dice.One(Vowels);
        name += dice.One(Onsets) + dice.One(Vowels) + dice.One(Endings);
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    /// <summary>The word with its article: a hat, an oar.</summary>
    public static string A(string noun) => ("aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " : "a ") + noun;

    /// <summary>The word with a capital first letter.</summary>
    public static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>Several in one sentence: a, b and c.</summary>
    public static string Listed(IReadOnlyList<string> words) => words.Count == 1 ? words[0] : string.Join(", ", words.Take(words.Count - 1)) + " and " + words[^1];

    private static (string, string)[] Pairs(string name, char mark) =>
        [.. Lines(name).Where(line => line.Length > 0).Select(line => (line[..line.IndexOf(mark, StringComparison.Ordinal)], line[(line.IndexOf(mark, StringComparison.Ordinal) + 1)..]))];
}
