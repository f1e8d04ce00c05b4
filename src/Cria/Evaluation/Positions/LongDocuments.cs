using Cria.Corpora;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Evaluation.Positions;

/// <summary>Documents of a corpus that are long enough to measure a context with, as tokens.</summary>
public static class LongDocuments
{
    /// <summary>
    /// The first <paramref name="count"/> texts that have <paramref name="length"/> tokens, cut to as many; with <paramref name="joins"/>, shorter ones are put end to end until
    /// they have. A beginning-of-text token counts, where the model wants one. Conversations are passed over.
    /// </summary>
    /// <exception cref="CriaException">No text is long enough, or a file cannot be read.</exception>
    public static IReadOnlyList<int[]> Take(Corpus corpus, Tokenizer tokenizer, int length, int count, bool joins, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (length < 2) throw new CriaException($"{length} tokens are too few to measure; choose a longer context");
        var taken = new List<int[]>();
        var tokens = new List<int>();
        int longest = 0;
        foreach (Document document in corpus.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (document is not TextDocument text) continue;
            if (text.IsFirst && !joins) tokens.Clear();
            // The rest of a text that is long enough already is not worth encoding.
            if (tokens.Count < length) tokenizer.Encode(text.Text, tokens, addBos: tokens.Count == 0 && tokenizer.AddsBos);
            longest = Math.Max(longest, tokens.Count);
            if (!text.IsLast || tokens.Count < length) continue;
            taken.Add([.. tokens.Take(length)]);
            if (taken.Count == count) break;
            tokens.Clear();
        }
        if (taken.Count > 0) return taken;
        throw new CriaException(joins
            ? $"the texts have {longest} tokens together, but {length} are needed; give more text or choose a shorter context"
            : $"no text has the {length} tokens that are needed, the longest has {longest}; give longer ones, join them with --join, or choose a shorter context");
    }
}
