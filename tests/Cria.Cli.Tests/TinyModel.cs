using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

[assembly: AssemblyFixture(typeof(Cria.Cli.Tests.TinyModel))]

namespace Cria.Cli.Tests;

/// <summary>A Llama of a few kilobytes with random weights and a token for every byte, written once for all tests.</summary>
public sealed class TinyModel : IDisposable
{
    private const int Hidden = 64, Layers = 2, Heads = 4, KeyValueHeads = 2, FeedForward = 96, Context = 512;
    private static readonly string[] Specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
    private const string Template =
        "{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    /// <summary>Writes the file.</summary>
    public TinyModel()
    {
        Folder = Directory.CreateTempSubdirectory("cria-tests-").FullName;
        Path = System.IO.Path.Combine(Folder, "tiny.gguf");
        GgufWriter.Write(Path, Entries(), Tensors());
    }

    /// <summary>A folder for tests to write in.</summary>
    public string Folder { get; }

    /// <summary>The model file.</summary>
    public string Path { get; }

    /// <summary>Tokens of the model's context.</summary>
    public static int ContextLength => Context;

    /// <summary>Writes a changed copy of the model's bytes and returns its path.</summary>
    public string Changed(string name, Func<byte[], byte[]> change)
    {
        string path = System.IO.Path.Combine(Folder, name);
        File.WriteAllBytes(path, change(File.ReadAllBytes(Path)));
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string[] Tokens()
    {
        // The byte alphabet of GPT-2: printable bytes stand for themselves, the others for letters from 256 on.
        var words = new List<string>();
        int next = 256;
        for (int b = 0; b < 256; b++) words.Add((b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174 ? (char)b : (char)next++).ToString());
        words.Add("th");
        words.Add("the");
        return [.. words, .. Specials];
    }

    private static GgufEntry[] Entries()
    {
        string[] tokens = Tokens();
        return
        [
            new("general.architecture", GgufValueType.String, "llama"),
            new("general.name", GgufValueType.String, "tiny"),
            Number("llama.block_count", Layers),
            Number("llama.context_length", Context),
            Number("llama.embedding_length", Hidden),
            Number("llama.feed_forward_length", FeedForward),
            Number("llama.attention.head_count", Heads),
            Number("llama.attention.head_count_kv", KeyValueHeads),
            new("llama.attention.layer_norm_rms_epsilon", GgufValueType.Float32, 1e-5f),
            new("llama.rope.freq_base", GgufValueType.Float32, 500000f),
            new("tokenizer.ggml.model", GgufValueType.String, "gpt2"),
            new("tokenizer.ggml.pre", GgufValueType.String, "llama-bpe"),
            new("tokenizer.ggml.tokens", GgufValueType.Array, tokens),
            new("tokenizer.ggml.token_type", GgufValueType.Array, tokens.Select(token => Specials.Contains(token) ? 3 : 1).ToArray()),
            new("tokenizer.ggml.merges", GgufValueType.Array, new[] { "t h", "th e" }),
            Number("tokenizer.ggml.bos_token_id", Array.IndexOf(tokens, Specials[0])),
            Number("tokenizer.ggml.eos_token_id", Array.IndexOf(tokens, Specials[^1])),
            new("tokenizer.chat_template", GgufValueType.String, "{{ bos_token }}" + Template),
        ];
        static GgufEntry Number(string key, int value) => new(key, GgufValueType.UInt32, (uint)value);
    }

    private static List<TensorContent> Tensors()
    {
        var random = new Random(20260101);
        int vocabulary = Tokens().Length;
        const int head = Hidden / Heads;
        var tensors = new List<TensorContent>();
        Add("token_embd.weight", 1, vocabulary, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = FormattableString.Invariant($"blk.{layer}.");
            Add(prefix + "attn_norm.weight", 0, Hidden);
            Add(prefix + "attn_q.weight", 0.2, Hidden, Hidden);
            Add(prefix + "attn_k.weight", 0.2, KeyValueHeads * head, Hidden);
            Add(prefix + "attn_v.weight", 0.2, KeyValueHeads * head, Hidden);
            Add(prefix + "attn_output.weight", 0.2, Hidden, Hidden);
            Add(prefix + "ffn_norm.weight", 0, Hidden);
            Add(prefix + "ffn_gate.weight", 0.2, FeedForward, Hidden);
            Add(prefix + "ffn_up.weight", 0.2, FeedForward, Hidden);
            Add(prefix + "ffn_down.weight", 0.2, Hidden, FeedForward);
        }
        Add("output_norm.weight", 0, Hidden);
        Add("output.weight", 0.2, vocabulary, Hidden);
        return tensors;

        // A spread of 0 gives ones: the gain of a norm.
        void Add(string name, double spread, params long[] shape)
        {
            var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++) values[i] = spread == 0 ? 1 : (float)(spread * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5));
            byte[] bytes = new byte[values.Length * 4];
            Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
            tensors.Add(new TensorContent(new TensorInfo(name, TensorType.F32, shape, bytes.Length), stream => stream.Write(bytes)));
        }
    }
}
