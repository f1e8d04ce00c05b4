using System.Globalization;
using Cria.Tensors;

namespace Cria.Training.Data;

/// <summary>Tokenized documents in memory: four bytes a token.</summary>
public sealed class ExampleStore : IExampleSource
{
    private const int ChunkTokens = 1 << 20;

    // Ids are not negative: the sign marks a token that is not to be learnt.
    private const int Unlearnt = int.MinValue;

    private readonly List<int[]> chunks = [];
    private readonly List<(int Chunk, int Start, int Count)> examples = [];
    private int used;

    /// <inheritdoc/>
    public int Count => examples.Count;

    /// <summary>Tokens of all documents.</summary>
    public long TokenCount { get; private set; }

    /// <summary>Of these, the tokens the model shall learn to say.</summary>
    public long LearntCount { get; private set; }

    /// <summary>Documents that were left out because they are longer than a row.</summary>
    public int SkippedCount { get; internal set; }

    /// <inheritdoc/>
    public TrainingExample this[int index]
    {
        get
        {
            ReadOnlySpan<int> stored = Stored(index);
            var tokens = new int[stored.Length];
            bool[]? inLoss = null;
            for (int i = 0; i < tokens.Length; i++)
            {
                tokens[i] = stored[i] & ~Unlearnt;
                if (stored[i] >= 0) continue;
                if (inLoss is null)
                {
                    inLoss = new bool[tokens.Length];
                    Array.Fill(inLoss, true);
                }
                inLoss[i] = false;
            }
            return new TrainingExample(tokens, inLoss);
        }
    }

    /// <inheritdoc/>
    public int Length(int index) => examples[index].Count;

    /// <summary>Adds a document.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="inLoss">For each token whether it shall be learnt; empty: all.</param>
    public void Add(ReadOnlySpan<int> tokens, ReadOnlySpan<bool> inLoss = default)
    {
        if (!inLoss.IsEmpty && inLoss.Length != tokens.Length) throw new ArgumentException($"{inLoss.Length} marks for {tokens.Length} tokens", nameof(inLoss));
        if (chunks.Count == 0 || chunks[^1].Length - used < tokens.Length)
        {
            chunks.Add(new int[Math.Max(ChunkTokens, tokens.Length)]);
            used = 0;
        }
        Span<int> place = chunks[^1].AsSpan(used, tokens.Length);
        tokens.CopyTo(place);
        for (int i = 0; i < inLoss.Length; i++)
            if (!inLoss[i]) place[i] |= Unlearnt;
        examples.Add((chunks.Count - 1, used, tokens.Length));
        used += tokens.Length;
        TokenCount += tokens.Length;
        for (int i = 1; i < place.Length; i++)
            if (place[i] >= 0) LearntCount++;
    }

    /// <summary>
    /// Sets documents aside, drawn by the seed: a share of them, one at least. The same seed over the same documents gives the same two parts.
    /// </summary>
    /// <exception cref="CriaException">There are fewer than two documents, or the share is not above 0 and below 1.</exception>
    public (IExampleSource Training, IExampleSource Validation) Split(double validationShare, ulong seed)
    {
        if (!(validationShare is > 0 and < 1)) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a validation share of {validationShare} makes no sense; choose a number above 0 and below 1"));
        if (Count < 2) throw new CriaException("the corpus is a single document, so none can be set aside for validation; name a validation file");
        int[] order = Shuffle.Order(Count, seed, Shuffle.Split);
        int aside = Math.Clamp((int)Math.Round(Count * validationShare), 1, Count - 1);
        int[] validation = order[..aside], training = order[aside..];
        // In the corpus's own order, which the batches shuffle anew.
        Array.Sort(validation);
        Array.Sort(training);
        return (new ExampleSubset(this, training), new ExampleSubset(this, validation));
    }

    private ReadOnlySpan<int> Stored(int index)
    {
        (int chunk, int start, int count) = examples[index];
        return chunks[chunk].AsSpan(start, count);
    }
}
