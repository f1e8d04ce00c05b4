using System.Globalization;
using System.Runtime.InteropServices;
using Cria.Generation;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Packing;

/// <summary>
/// Writes a Llama with random weights in F32, as training begins. Matrices have the standard deviation √(2 / (5 · hidden)) (arXiv 1910.05895);
/// those that add to the residual stream are smaller by √(2 · layers), so that its variance does not grow with depth. Gains are one.
/// </summary>
public sealed class FreshModel
{
    private const int SizeStep = 32, HeadStep = 16, LargestHead = 512;

    private readonly FreshModelOptions options;
    private readonly IReadOnlyDictionary<string, object> vocabulary;
    private readonly int headSize, keyValueHeads, feedForward;
    private readonly List<(TensorInfo Info, double Deviation)> plan = [];

    /// <summary>Plans a model with the vocabulary given as settings (<c>tokenizer.*</c>), see <see cref="VocabularyFile.Read"/>.</summary>
    /// <exception cref="CriaException">No Llama has such a shape.</exception>
    public FreshModel(FreshModelOptions options, IReadOnlyDictionary<string, object> vocabulary)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(vocabulary);
        this.options = options;
        this.vocabulary = vocabulary;
        int hidden = options.HiddenSize;
        CheckPositive(hidden, "hidden size");
        CheckPositive(options.LayerCount, "number of layers");
        CheckPositive(options.HeadCount, "number of heads");
        CheckPositive(options.ContextLength, "context length");
        keyValueHeads = options.KeyValueHeadCount ?? options.HeadCount;
        CheckPositive(keyValueHeads, "number of key-value heads");
        feedForward = options.FeedForwardSize ?? Math.Max(SizeStep, (int)(hidden * 3.5) / SizeStep * SizeStep);
        CheckPositive(feedForward, "feed-forward size");
        if (options.HeadSize is null && hidden % options.HeadCount != 0) throw Refused($"a hidden size of {hidden} cannot be shared by {options.HeadCount} heads; choose a multiple, or give the head size");
        headSize = options.HeadSize ?? hidden / options.HeadCount;
        if (headSize <= 0 || headSize % HeadStep != 0 || headSize > LargestHead) throw Refused($"a head size of {headSize} is not supported; choose a multiple of {HeadStep} up to {LargestHead}");
        if (options.HeadCount % keyValueHeads != 0) throw Refused($"{options.HeadCount} heads cannot share {keyValueHeads} key-value heads; choose a divisor");
        if (hidden % SizeStep != 0) throw Refused($"a hidden size of {hidden} could not be quantized; choose a multiple of {SizeStep}");
        if (feedForward % SizeStep != 0) throw Refused($"a feed-forward size of {feedForward} could not be quantized; choose a multiple of {SizeStep}");
        if (!double.IsFinite(options.RopeTheta) || options.RopeTheta <= 1) throw Refused($"a rotary base of {options.RopeTheta} makes no sense; choose a number above 1");
        Plan(((string[])vocabulary["tokenizer.ggml.tokens"]).Length);
    }

    /// <summary>Weights in all.</summary>
    public long ParameterCount => plan.Sum(tensor => tensor.Info.ElementCount);

    /// <summary>Writes the model; it appears under its name when it is whole.</summary>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void Write(string path, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        long done = 0, total = ParameterCount;
        List<TensorContent> contents = [.. plan.Select((tensor, index) => new TensorContent(tensor.Info, stream =>
        {
            var row = new float[tensor.Info.Columns];
            for (long i = 0; i < tensor.Info.Rows; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (tensor.Deviation == 0) Array.Fill(row, 1);
                else Fill(row, tensor.Deviation, index, i);
                stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
                done += row.Length;
                if (i % 256 == 0 || done == total) progress?.Report(new TensorProgress(tensor.Info.Name, done, total));
            }
        }))];
        GgufWriter.Write(path, GgufEntries.Of(Settings(path)), contents);
    }

    private void Plan(int tokens)
    {
        int hidden = options.HiddenSize;
        double spread = Math.Sqrt(0.4 / hidden), residual = spread / Math.Sqrt(2.0 * options.LayerCount);
        Add("token_embd.weight", spread, tokens, hidden);
        for (int layer = 0; layer < options.LayerCount; layer++)
        {
            string prefix = FormattableString.Invariant($"blk.{layer}.");
            Add(prefix + "attn_norm.weight", 0, hidden);
            Add(prefix + "attn_q.weight", spread, options.HeadCount * (long)headSize, hidden);
            Add(prefix + "attn_k.weight", spread, keyValueHeads * (long)headSize, hidden);
            Add(prefix + "attn_v.weight", spread, keyValueHeads * (long)headSize, hidden);
            Add(prefix + "attn_output.weight", residual, hidden, options.HeadCount * (long)headSize);
            Add(prefix + "ffn_norm.weight", 0, hidden);
            Add(prefix + "ffn_gate.weight", spread, feedForward, hidden);
            Add(prefix + "ffn_up.weight", spread, feedForward, hidden);
            Add(prefix + "ffn_down.weight", residual, hidden, feedForward);
        }
        Add("output_norm.weight", 0, hidden);
        if (!options.Tied) Add("output.weight", spread, tokens, hidden);

        // No deviation means a vector of ones.
        void Add(string name, double deviation, params long[] shape) =>
            plan.Add((new TensorInfo(name, TensorType.F32, shape, shape.Aggregate((long)sizeof(float), (product, size) => checked(product * size))), deviation));
    }

    private Dictionary<string, object> Settings(string path)
    {
        Dictionary<string, object> settings = new(StringComparer.Ordinal)
        {
            ["general.architecture"] = "llama",
            ["general.name"] = Path.GetFileNameWithoutExtension(path),
            ["general.file_type"] = 0L,
            ["llama.vocab_size"] = (long)((string[])vocabulary["tokenizer.ggml.tokens"]).Length,
            ["llama.block_count"] = (long)options.LayerCount,
            ["llama.context_length"] = (long)options.ContextLength,
            ["llama.embedding_length"] = (long)options.HiddenSize,
            ["llama.feed_forward_length"] = (long)feedForward,
            ["llama.attention.head_count"] = (long)options.HeadCount,
            ["llama.attention.head_count_kv"] = (long)keyValueHeads,
            ["llama.attention.key_length"] = (long)headSize,
            ["llama.attention.value_length"] = (long)headSize,
            ["llama.rope.dimension_count"] = (long)headSize,
            ["llama.rope.freq_base"] = options.RopeTheta,
            ["llama.attention.layer_norm_rms_epsilon"] = 1e-5,
        };
        foreach ((string key, object value) in vocabulary) settings[key] = value;
        return settings;
    }

    /// <summary>
    /// Nearly normal numbers, none beyond 3.5 deviations: sums of four uniform ones of 16 bits. Only whole-number arithmetic and one product, so every machine makes the same.
    /// </summary>
    private void Fill(Span<float> values, double deviation, int tensor, long row)
    {
        const int mean = 2 * 65535;
        const double unit = 65536 * 0.57735026918962576;
        float scale = (float)(deviation / unit);
        for (int i = 0; i < values.Length; i += 2)
        {
            (uint a, uint b, uint c, uint d) = CounterRandom.Block((uint)options.Seed, (uint)(options.Seed >> 32), (uint)i, (uint)row, (uint)(row >> 32), (uint)tensor);
            values[i] = scale * (Sum(a, b) - mean);
            values[i + 1] = scale * (Sum(c, d) - mean);
        }

        static int Sum(uint x, uint y) => (int)((x & 0xFFFF) + (x >> 16) + (y & 0xFFFF) + (y >> 16));
    }

    private static void CheckPositive(int value, string what)
    {
        if (value is <= 0 or > 1 << 26) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a {what} of {value} makes no sense; choose 1 or more"));
    }

    private static CriaException Refused(FormattableString why) => new(FormattableString.Invariant(why));
}
