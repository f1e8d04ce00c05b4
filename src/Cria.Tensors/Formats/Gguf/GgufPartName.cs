using System.Globalization;
using System.Text.RegularExpressions;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>The file name of one part of a split model: <c>name-00001-of-00003.gguf</c>.</summary>
/// <param name="Stem">Folder and name before the numbers.</param>
/// <param name="Number">Which part, from 1.</param>
/// <param name="Count">How many parts there are.</param>
public readonly partial record struct GgufPartName(string Stem, int Number, int Count)
{
    /// <summary>The path of another part of the same model.</summary>
    public string PathOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Stem}-{number:D5}-of-{Count:D5}.gguf");

    /// <summary>Takes a part's path apart; false when it is not named like one.</summary>
    public static bool TryParse(string path, out GgufPartName name)
    {
        Match match = Pattern().Match(path);
        name = match.Success
            ? new GgufPartName(match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture))
            : default;
        return match.Success;
    }

    [GeneratedRegex(@"^(.*)-([0-9]{5})-of-([0-9]{5})\.gguf$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
