using System.Text;

namespace Cria.Load.Speed;

/// <summary>Text of about as many tokens as asked for, different from the first word on for each seed.</summary>
internal static class Words
{
    // Each is one token in Llama 3's vocabulary.
    private static readonly string[] Common = ["time", "people", "water", "house", "number", "music", "river", "paper", "light", "world", "story", "night"];

    /// <summary>Makes a text.</summary>
    public static string Text(int seed, int tokens)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        text.Append(random.Next(100, 1000));
        for (int i = 1; i < tokens; i++) text.Append(' ').Append(Common[random.Next(Common.Length)]);
        return text.ToString();
    }
}
