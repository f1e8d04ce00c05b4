using System.Security.Cryptography;
using System.Text;

namespace Cria.TinyData;

/// <summary>Which part a sample belongs to. A hash of its content decides, so that no part can have what another has, whatever the seeds.</summary>
internal enum Split
{
    Train,
    Validation,
    Test,
}

/// <summary>Decides the split.</summary>
internal static class Splits
{
    private const int Parts = 16;

    /// <summary>The plain questions of a first minute, which always belong to training: the forms that begin with ! in the lists of answers.</summary>
    private static readonly HashSet<string> Plain =
        [.. Knowledge.Answers.Lists.SelectMany(Words.Lines).Where(line => line.StartsWith('!')).Select(Letters)];

    /// <summary>The split of a sample; null for one whose questions belong to different splits, which is left out everywhere.</summary>
    public static Split? Of(Sample sample)
    {
        Split first = Of(sample.Keys[0]);
        return sample.Keys.All(key => Of(key) == first) ? first : null;
    }

    /// <summary>The split of a text. Case and marks do not count, so that a question held out is also held out in small letters.</summary>
    public static Split Of(string key)
    {
        string letters = Letters(key);
        if (Plain.Contains(letters)) return Split.Train;
        return (SHA256.HashData(Encoding.UTF8.GetBytes(letters))[0] % Parts) switch
        {
            0 => Split.Test,
            1 => Split.Validation,
            _ => Split.Train,
        };
    }

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
