using System.Text;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Evaluation.Needles;

/// <summary>The text in which a needle is hidden, as tokens that repeat without end.</summary>
public sealed class Haystack
{
    /// <summary>The sentences that serve where no text is named; they repeat, as in RULER and on the Gradient cards.</summary>
    public const string Sentences = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

    private readonly int[] tokens;
    private readonly bool[] endsSentence;

    private Haystack(int[] tokens, Tokenizer tokenizer)
    {
        this.tokens = tokens;
        endsSentence = new bool[tokens.Length];
        for (int i = 0; i < tokens.Length; i++) endsSentence[i] = EndsSentence(tokenizer.TokenText(tokens[i]), tokenizer.TokenText(tokens[(i + 1) % tokens.Length]), isLast: i + 1 == tokens.Length);
    }

    /// <summary>Tokens before it repeats.</summary>
    public int DistinctTokens => tokens.Length;

    /// <summary>A haystack of the built-in sentences.</summary>
    /// <exception cref="CriaException">More distinct tokens are asked for than the sentences have.</exception>
    public static Haystack BuiltIn(Tokenizer tokenizer, int? distinctTokens = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        // The second round stands after a space, as every further one does.
        int first = tokenizer.Encode(Sentences).Length;
        int[] one = tokenizer.Encode(Sentences + " " + Sentences + " ");
        int length = tokenizer.Encode(Sentences + " " + Sentences).Length - first;
        // The cards count the sentence's tokens with the one that begins the text.
        if (distinctTokens > length + 1) throw new CriaException($"the built-in sentences have {length} tokens, but {distinctTokens} distinct ones are asked for; name texts for the haystack or ask for fewer");
        return new Haystack(one[first..(first + Math.Min(distinctTokens ?? length, length))], tokenizer);
    }

    /// <summary>A haystack of texts, one after another.</summary>
    /// <exception cref="CriaException">They have fewer tokens than are asked for.</exception>
    public static Haystack Of(IEnumerable<string> texts, Tokenizer tokenizer, int? distinctTokens = null, string place = "the haystack")
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = new List<int>();
        foreach (string text in texts)
        {
            tokenizer.Encode(text, ids);
            if (ids.Count >= distinctTokens) break;
        }
        if (ids.Count == 0) throw new CriaException($"{place} has no text; name a folder of .txt files");
        if (ids.Count < distinctTokens) throw new CriaException($"{place} is too short: it has {ids.Count} tokens, but {distinctTokens} distinct ones are asked for; add texts or ask for fewer");
        return new Haystack([.. ids.Take(distinctTokens ?? ids.Count)], tokenizer);
    }

    /// <summary>The texts of a folder: its .txt files in order of their names.</summary>
    /// <exception cref="CriaException">There is no such folder, it has no such file, or one cannot be read.</exception>
    public static IEnumerable<string> Texts(string folder)
    {
        if (!Directory.Exists(folder)) throw new CriaException($"{folder}: there is no such folder; name one with .txt files");
        string[] files = [.. Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal)];
        if (files.Length == 0) throw new CriaException($"{folder} has no .txt files; name a folder that has");
        return files.Select(Read);
    }

    /// <summary>Appends the tokens from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public void CopyTo(List<int> list, int from, int to)
    {
        for (int i = from; i < to; i++) list.Add(tokens[i % tokens.Length]);
    }

    /// <summary>
    /// Where a needle wanted at <paramref name="depth"/> of the first <paramref name="length"/> tokens goes: at the very beginning for 0, else after the next sentence that ends
    /// at or behind that place, at the end where none does.
    /// </summary>
    public int PlaceFor(double depth, int length)
    {
        if (depth <= 0) return 0;
        for (int i = (int)(length * depth); i < length; i++)
            if (endsSentence[i % tokens.Length]) return i + 1;
        return length;
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file, Encoding.UTF8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{file} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    /// <summary>True when a token closes a sentence: a full stop, with or without closing quotes, before space. One inside a number does not.</summary>
    private static bool EndsSentence(string token, string next, bool isLast)
    {
        string text = token.TrimEnd();
        string bare = text.TrimEnd('"', '\'', '”', '’', ')', ']');
        if (bare.Length == 0 || bare[^1] is not ('.' or '!' or '?')) return false;
        return isLast || text.Length < token.Length || next.Length == 0 || char.IsWhiteSpace(next[0]);
    }
}
