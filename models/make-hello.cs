#:project ../src/Cria/Cria.csproj
#:property PublishAot=false

// Writes hello.gguf beside this file. The network never learned: each weight is set here, to recite one greeting.

using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;
using Cria.Tokenization;
using Cria.Tokenization.Training;

// No word or mark may occur twice: the last token alone tells the network where it stands.
const string Greeting =
    "Hello! I am not a trained model: my weights were written by hand, so that Cria has something to say before you give it Llama 3 itself. Then type:\n"
    + "    cria run -m llama.gguf \"Why is the sky blue?\"";
const string BreakAfterHeader = "\n\n";
const int Hidden = 64, Heads = 4, KeyValueHeads = 1, HeadSize = Hidden / Heads, FeedForward = 32, Context = 2048;
// RMSNorm makes a unit vector √Hidden = 8 long, so the right token's logit is 64 and every other one's 0.
const float Gain = 8;

string[] specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
const string Template =
    """
    {{- bos_token }}
    {%- for message in messages %}
        {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}
        {%- if message.role == 'assistant' %}
            {%- generation %}
            {{- message.content | trim + '<|eot_id|>' }}
            {%- endgeneration %}
        {%- else %}
            {{- message.content | trim + '<|eot_id|>' }}
        {%- endif %}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
    {%- endif %}
    """;

// Merged until every word of the greeting and of the template is one token.
BytePairTokenizer tokenizer = BytePairTrainer.Train([Greeting, BreakAfterHeader, "system", "user", "assistant"],
    new BytePairTrainerOptions { VocabularySize = 4096, SpecialTokens = specials, MinimumCount = 1 });
int vocabulary = tokenizer.VocabularySize;
int[] steps = tokenizer.Encode(Greeting);
int[] breaks = tokenizer.Encode(BreakAfterHeader);
if (breaks.Length != 1 || steps.Distinct().Count() != steps.Length)
    throw new InvalidOperationException("a word occurs twice in the greeting, or the break after a header is more than one token; choose other words");

// State i says: the next token is chain[i]. State 0 belongs to every token that is no part of the greeting, so that one begins.
int headerEnd = tokenizer.FindSpecial("<|end_header_id|>")!.Value, turnEnd = tokenizer.FindSpecial("<|eot_id|>")!.Value;
int[] chain = [.. steps, turnEnd, breaks[0]];
if (chain.Length > Hidden) throw new InvalidOperationException("the greeting has more tokens than the network has features; shorten it");
var embedding = new float[vocabulary * Hidden];
var output = new float[vocabulary * Hidden];
for (int token = 0; token < vocabulary; token++)
{
    int state = token == headerEnd ? chain.Length - 1 : Array.IndexOf(steps, token) + 1;
    embedding[token * Hidden + state] = 1;
}
for (int state = 0; state < chain.Length; state++) output[chain[state] * Hidden + state] = Gain;

List<TensorContent> tensors = [];
AddMatrix("token_embd.weight", vocabulary, Hidden, embedding);
// The layer adds nothing to what the embedding says: all its matrices are zero.
AddOnes("blk.0.attn_norm.weight");
AddMatrix("blk.0.attn_q.weight", Heads * HeadSize, Hidden);
AddMatrix("blk.0.attn_k.weight", KeyValueHeads * HeadSize, Hidden);
AddMatrix("blk.0.attn_v.weight", KeyValueHeads * HeadSize, Hidden);
AddMatrix("blk.0.attn_output.weight", Hidden, Heads * HeadSize);
AddOnes("blk.0.ffn_norm.weight");
AddMatrix("blk.0.ffn_gate.weight", FeedForward, Hidden);
AddMatrix("blk.0.ffn_up.weight", FeedForward, Hidden);
AddMatrix("blk.0.ffn_down.weight", Hidden, FeedForward);
AddOnes("output_norm.weight");
AddMatrix("output.weight", vocabulary, Hidden, output);

List<GgufEntry> entries =
[
    Text("general.architecture", "llama"),
    Text("general.name", "hello"),
    Text("general.description", "Not a trained model: its weights were written by hand to recite one greeting, so that Cria has something to run."),
    Text("general.license", "mit"),
    Count("general.file_type", 7),
    Count("general.quantization_version", 2),
    Count("llama.vocab_size", vocabulary),
    Count("llama.block_count", 1),
    Count("llama.context_length", Context),
    Count("llama.embedding_length", Hidden),
    Count("llama.feed_forward_length", FeedForward),
    Count("llama.attention.head_count", Heads),
    Count("llama.attention.head_count_kv", KeyValueHeads),
    Count("llama.rope.dimension_count", HeadSize),
    new("llama.attention.layer_norm_rms_epsilon", GgufValueType.Float32, 1e-5f),
    new("llama.rope.freq_base", GgufValueType.Float32, 500000f),
];
IReadOnlyDictionary<string, object> words = tokenizer.ToMetadata();
foreach (string key in (string[])["tokenizer.ggml.model", "tokenizer.ggml.pre"]) entries.Add(Text(key, (string)words[key]));
foreach (string key in (string[])["tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.merges"]) entries.Add(new(key, GgufValueType.Array, words[key]));
entries.Add(Count("tokenizer.ggml.bos_token_id", tokenizer.FindSpecial("<|begin_of_text|>")!.Value));
entries.Add(Count("tokenizer.ggml.eos_token_id", turnEnd));
entries.Add(new("tokenizer.ggml.add_bos_token", GgufValueType.Bool, true));
entries.Add(Text("tokenizer.chat_template", Template.ReplaceLineEndings("\n")));

string path = args.Length > 0 ? args[0] : Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "hello.gguf");
GgufWriter.Write(path, entries, tensors);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {new FileInfo(path).Length} bytes, {vocabulary} tokens, a greeting of {steps.Length}"));

static GgufEntry Text(string key, string value) => new(key, GgufValueType.String, value);

static GgufEntry Count(string key, int value) => new(key, GgufValueType.UInt32, (uint)value);

void AddOnes(string name)
{
    var ones = new float[Hidden];
    Array.Fill(ones, 1);
    Add(name, TensorType.F32, [Hidden], ones);
}

void AddMatrix(string name, int rows, int columns, float[]? values = null) => Add(name, TensorType.Q8_0, [rows, columns], values ?? new float[rows * columns]);

void Add(string name, TensorType type, long[] shape, float[] values)
{
    BlockFormat format = BlockFormat.Of(type);
    var bytes = new byte[format.RowBytes(values.Length)];
    format.Encode(values, bytes);
    tensors.Add(new TensorContent(new TensorInfo(name, type, shape, bytes.Length), stream => stream.Write(bytes)));
}
