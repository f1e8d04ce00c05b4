using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Tests.Chat;

/// <summary>
/// A whole Llama whose weights make it say what a test wants: its layers add nothing, and its output matrix leads from each token to the next.
/// An answer begins after the prompt's last line break and ends with the end of turn.
/// </summary>
internal sealed class ScriptedModel : IDisposable
{
    private const int Hidden = 512, Heads = 8, KeyValueHeads = 2, FeedForward = 64;
    private static readonly string[] Specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>"];

    private readonly string folder = Directory.CreateTempSubdirectory("cria-scripted-").FullName;

    /// <summary>Writes and loads a model.</summary>
    /// <param name="pieces">The answer's tokens. Those with a bar in them are equally likely alternatives: <c>yes|no</c>.</param>
    /// <param name="template">Its chat template; null for none.</param>
    /// <param name="context">Tokens of its context.</param>
    public ScriptedModel(string[] pieces, string? template = null, int context = 4096)
    {
        string[][] steps = [.. pieces.Select(piece => piece.Contains('|', StringComparison.Ordinal) && !Specials.Contains(piece) ? piece.Split('|') : [piece])];
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => ByteText([(byte)b]))];
        string[] words = [.. steps.SelectMany(step => step).Where(word => !Specials.Contains(word)).Select(word => ByteText(Encoding.UTF8.GetBytes(word))).Except(bytes).Distinct()];
        string[] tokens = [.. bytes, .. words, .. Specials];
        Assert.True(tokens.Length <= Hidden, "the answer has too many different tokens");

        var output = new float[tokens.Length * Hidden];
        int end = Array.IndexOf(tokens, "<|eot_id|>");
        int[][] ids = [[Array.IndexOf(tokens, ByteText("\n"u8))], .. steps.Select(step => step.Select(word => Array.IndexOf(tokens, Specials.Contains(word) ? word : ByteText(Encoding.UTF8.GetBytes(word)))).ToArray()), [end]];
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            foreach (int from in ids[i])
            {
                foreach (int to in ids[i + 1]) output[to * Hidden + from] = 1;
            }
        }

        Path = System.IO.Path.Combine(folder, "scripted.gguf");
        GgufWriter.Write(Path, Entries(tokens, template, context), Tensors(tokens.Length, output));
        Model = LanguageModel.Load(Path, new LoadOptions { Threads = 1 });
    }

    /// <summary>The model's file.</summary>
    public string Path { get; }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // GPT-2's alphabet: printable bytes stand for themselves, the others for letters from 256 on.
    private static string ByteText(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte value in bytes)
        {
            int shift = Enumerable.Range(0, value).Count(b => !IsPlain(b));
            text.Append(IsPlain(value) ? (char)value : (char)(256 + shift));
        }

        return text.ToString();

        static bool IsPlain(int b) => b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
    }

    private static List<GgufEntry> Entries(string[] tokens, string? template, int context)
    {
        List<GgufEntry> entries =
        [
            new("general.architecture", GgufValueType.String, "llama"),
            new("general.name", GgufValueType.String, "scripted"),
            Number("llama.block_count", 1),
            Number("llama.context_length", context),
            Number("llama.embedding_length", Hidden),
            Number("llama.feed_forward_length", FeedForward),
            Number("llama.attention.head_count", Heads),
            Number("llama.attention.head_count_kv", KeyValueHeads),
            new("llama.attention.layer_norm_rms_epsilon", GgufValueType.Float32, 1e-5f),
            new("tokenizer.ggml.model", GgufValueType.String, "gpt2"),
            new("tokenizer.ggml.pre", GgufValueType.String, "llama-bpe"),
            new("tokenizer.ggml.tokens", GgufValueType.Array, tokens),
            new("tokenizer.ggml.token_type", GgufValueType.Array, tokens.Select(token => Specials.Contains(token) ? 3 : 1).ToArray()),
            new("tokenizer.ggml.merges", GgufValueType.Array, Array.Empty<string>()),
            Number("tokenizer.ggml.bos_token_id", Array.IndexOf(tokens, Specials[0])),
            Number("tokenizer.ggml.eos_token_id", Array.IndexOf(tokens, Specials[4])),
        ];
        if (template is not null) entries.Add(new("tokenizer.chat_template", GgufValueType.String, template));
        return entries;
        static GgufEntry Number(string key, int value) => new(key, GgufValueType.UInt32, (uint)value);
    }

    private static List<TensorContent> Tensors(int vocabulary, float[] output)
    {
        const int head = Hidden / Heads;
        var embedding = new float[vocabulary * Hidden];
        for (int i = 0; i < vocabulary; i++) embedding[i * Hidden + i] = 1;
        float[] ones = [.. Enumerable.Repeat(1f, Hidden)];
        return
        [
            Tensor("token_embd.weight", embedding, vocabulary, Hidden),
            Tensor("blk.0.attn_norm.weight", ones, Hidden),
            Tensor("blk.0.attn_q.weight", null, Hidden, Hidden),
            Tensor("blk.0.attn_k.weight", null, KeyValueHeads * head, Hidden),
            Tensor("blk.0.attn_v.weight", null, KeyValueHeads * head, Hidden),
            Tensor("blk.0.attn_output.weight", null, Hidden, Hidden),
            Tensor("blk.0.ffn_norm.weight", ones, Hidden),
            Tensor("blk.0.ffn_gate.weight", null, FeedForward, Hidden),
            Tensor("blk.0.ffn_up.weight", null, FeedForward, Hidden),
            Tensor("blk.0.ffn_down.weight", null, Hidden, FeedForward),
            Tensor("output_norm.weight", ones, Hidden),
            Tensor("output.weight", output, vocabulary, Hidden),
        ];

        static TensorContent Tensor(string name, float[]? values, params long[] shape)
        {
            byte[] bytes = new byte[shape.Aggregate(1L, (a, b) => a * b) * 4];
            if (values is not null) Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
            return new TensorContent(new TensorInfo(name, TensorType.F32, shape, bytes.Length), stream => stream.Write(bytes));
        }
    }
}
