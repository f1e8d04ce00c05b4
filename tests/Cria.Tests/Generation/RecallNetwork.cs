using System.Runtime.InteropServices;
using Cria.Generation;
using Cria.Models;
using Cria.Tensors.Backends;
using Cria.Tensors.Memory;

namespace Cria.Tests.Generation;

/// <summary>
/// A network whose logits are a hash of every token before them, read back from the pages of the cache: one wrong, stale or foreign page changes the answer.
/// </summary>
internal sealed class RecallNetwork : INetwork
{
    public const int Size = 97;

    private readonly float[] logits = new float[Size];
    private readonly List<ulong> outputs = [];

    /// <summary>Called before each step.</summary>
    public Action<Batch>? BeforeStep { get; set; }

    /// <summary>Pages that the system has memory for.</summary>
    public int PagesOfMemory { get; set; } = int.MaxValue;

    public int Steps { get; private set; }

    public long TokensComputed { get; private set; }

    public int VocabularySize => Size;

    public KvCache CreateCache(long maxTokens, KvTypes types) =>
        new(new KvPool(new KvLayout(1, 1, 16, types), (maxTokens + KvLayout.PageSize - 1) / KvLayout.PageSize)
        {
            Take = bytes =>
            {
                int pages = (int)(bytes / new KvLayout(1, 1, 16, types).PageBytes);
                if (pages > PagesOfMemory) throw new InsufficientMemoryException();
                PagesOfMemory -= pages;
                return new NativeBuffer(bytes);
            },
        });

    public void Forward(Batch batch, KvCache cache)
    {
        BeforeStep?.Invoke(batch);
        Steps++;
        TokensComputed += batch.TokenCount;
        outputs.Clear();
        foreach (AttentionSlice slice in batch.Slices)
        {
            for (int i = 0; i < slice.Count; i++) Cell(cache, slice.Pages, slice.Position + i) = batch.Tokens[slice.Row + i] + 1;
        }
        foreach (int row in batch.Outputs)
        {
            foreach (AttentionSlice slice in batch.Slices)
            {
                if (row < slice.Row || row >= slice.Row + slice.Count) continue;
                ulong hash = 17;
                for (long position = 0; position <= slice.Position + row - slice.Row; position++) hash = Mix(hash, Cell(cache, slice.Pages, position) - 1);
                outputs.Add(hash);
            }
        }
        batch.Commit();
    }

    public ReadOnlySpan<float> Logits(int row)
    {
        Fill(outputs[row], logits);
        return logits;
    }

    public ReadOnlySpan<float> Features(int row) => throw new NotSupportedException("it has no features");

    public void Dispose() { }

    /// <summary>What this network's logits after <paramref name="tokens"/> are.</summary>
    public static float[] Expected(ReadOnlySpan<int> tokens)
    {
        ulong hash = 17;
        foreach (int token in tokens) hash = Mix(hash, token);
        float[] logits = new float[Size];
        Fill(hash, logits);
        return logits;
    }

    /// <summary>The answer this network must give, computed without an engine.</summary>
    public static int[] Answer(int[] prompt, SamplingOptions options, int[] stopTokens, int sample = 0, int limit = int.MaxValue, ITokenConstraint? constraint = null)
    {
        var settings = new SamplingSettings(options, stopTokens, Size);
        var sampler = new Sampler(Size);
        List<int> tokens = [.. prompt];
        while (tokens.Count - prompt.Length < settings.MaxTokens && tokens.Count < limit)
        {
            int token = sampler.Sample(Expected(CollectionsMarshal.AsSpan(tokens)), settings, CollectionsMarshal.AsSpan(tokens), prompt.Length, constraint, sample);
            if (token == Sampler.End || settings.StopTokens.Contains(token)) break;
            constraint?.Accept(token);
            tokens.Add(token);
        }
        return [.. tokens.Skip(prompt.Length)];
    }

    private static ref int Cell(KvCache cache, int[] pages, long position) =>
        ref MemoryMarshal.Cast<byte, int>(cache.Pool.Part(pages[position / KvLayout.PageSize], 0))[(int)(position % KvLayout.PageSize)];

    private static ulong Mix(ulong hash, int token) => (hash ^ (ulong)(token + 1)) * 0x9E3779B97F4A7C15 + (hash >> 29);

    private static void Fill(ulong hash, Span<float> logits)
    {
        for (int i = 0; i < logits.Length; i++) logits[i] = (Mix(hash, i) >> 40) / (float)(1 << 22);
    }
}
