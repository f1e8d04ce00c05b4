using System.Globalization;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Packing;

/// <summary>Writes a vocabulary as Hugging Face has it: <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
internal static class TokenizerExport
{
    private const int Normal = 1, Unknown = 2, Control = 3, Byte = 6;
    private const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Writes both files. Throws <see cref="CriaException"/> when the model has no vocabulary.</summary>
    public static void Write(ModelMetadata metadata, Tokenizer tokenizer, string folder)
    {
        string[] words = metadata.Array<string>("tokenizer.ggml.tokens") ?? throw new CriaException($"{metadata.Path}: the model has no vocabulary; convert it again");
        int[] kinds = metadata.Array<int>("tokenizer.ggml.token_type") ?? [.. Enumerable.Repeat(Normal, words.Length)];
        bool isSentencePiece = metadata.Text("tokenizer.ggml.model", "gpt2") == "llama";
        HuggingFaceSettings.WriteJson(folder, "tokenizer.json", json =>
        {
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            json.WriteStartArray("added_tokens");
            for (int id = 0; id < words.Length; id++)
                if (IsAdded(kinds[id])) WriteAdded(json, words[id], kinds[id], id);
            json.WriteEndArray();
            if (isSentencePiece) WriteSentencePiece(json, metadata, words, kinds, tokenizer);
            else WriteBytePairs(json, metadata, words, kinds, tokenizer);
        });
        HuggingFaceSettings.WriteJson(folder, "tokenizer_config.json", json => WriteConfig(json, metadata, words, kinds, tokenizer));
    }

    private static bool IsAdded(int kind) => kind is not (Normal or Byte);

    private static void WriteAdded(Utf8JsonWriter json, string word, int kind, int? id)
    {
        json.WriteStartObject();
        if (id is int number) json.WriteNumber("id", number);
        json.WriteString("content", word);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", false);
        json.WriteBoolean("special", kind is Control or Unknown);
        json.WriteEndObject();
    }

    private static void WriteBytePairs(Utf8JsonWriter json, ModelMetadata metadata, string[] words, int[] kinds, Tokenizer tokenizer)
    {
        json.WriteNull("normalizer");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", Llama3Pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        WriteByteLevel(json, prefixSpace: false, useRegex: false);
        json.WriteEndArray();
        json.WriteEndObject();
        WriteTemplate(json, words, tokenizer);
        json.WritePropertyName("decoder");
        WriteByteLevel(json, prefixSpace: true, useRegex: true);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        foreach (string name in new[] { "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix" }) json.WriteNull(name);
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", metadata.Text("tokenizer.ggml.pre", "llama-bpe") is not "dbrx");
        WriteVocabulary(json, words, kinds, withAdded: false);
        json.WriteStartArray("merges");
        foreach (string merge in metadata.Array<string>("tokenizer.ggml.merges") ?? []) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSentencePiece(Utf8JsonWriter json, ModelMetadata metadata, string[] words, int[] kinds, Tokenizer tokenizer)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("normalizers");
        if (metadata.Flag("tokenizer.ggml.add_space_prefix", true))
        {
            json.WriteStartObject();
            json.WriteString("type", "Prepend");
            json.WriteString("prepend", "▁");
            json.WriteEndObject();
        }
        WriteReplace(json, " ", "▁");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("pre_tokenizer");
        WriteTemplate(json, words, tokenizer);
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        WriteReplace(json, "▁", " ");
        foreach (string type in new[] { "ByteFallback", "Fuse" })
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteEndObject();
        }
        json.WriteStartObject();
        json.WriteString("type", "Strip");
        json.WriteString("content", " ");
        json.WriteNumber("start", 1);
        json.WriteNumber("stop", 0);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteString("unk_token", words[Math.Max(0, Array.IndexOf(kinds, Unknown))]);
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", true);
        json.WriteBoolean("byte_fallback", true);
        WriteVocabulary(json, words, kinds, withAdded: true);
        json.WriteStartArray("merges");
        foreach (string merge in MergesOf(words, kinds, metadata.Array<float>("tokenizer.ggml.scores") ?? [])) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>SentencePiece joins whichever neighbours make the piece of highest score: every cut of a piece into two pieces is a merge, the best pieces first.</summary>
    private static IEnumerable<string> MergesOf(string[] words, int[] kinds, float[] scores)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < words.Length; id++)
            if (kinds[id] == Normal) ids.TryAdd(words[id], id);
        var merges = new List<(float Score, int Left, int Right, string Text)>();
        for (int id = 0; id < Math.Min(words.Length, scores.Length); id++)
        {
            if (kinds[id] != Normal) continue;
            for (int cut = 1; cut < words[id].Length; cut++)
                if (ids.TryGetValue(words[id][..cut], out int left) && ids.TryGetValue(words[id][cut..], out int right)) merges.Add((scores[id], left, right, $"{words[id][..cut]} {words[id][cut..]}"));
        }
        return merges.OrderByDescending(merge => merge.Score).ThenBy(merge => merge.Left).ThenBy(merge => merge.Right).Select(merge => merge.Text);
    }

    private static void WriteVocabulary(Utf8JsonWriter json, string[] words, int[] kinds, bool withAdded)
    {
        json.WriteStartObject("vocab");
        for (int id = 0; id < words.Length; id++)
            if (withAdded || !IsAdded(kinds[id])) json.WriteNumber(words[id], id);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, bool prefixSpace, bool useRegex)
    {
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", prefixSpace);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", useRegex);
        json.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter json, string from, string to)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        json.WriteStartObject("pattern");
        json.WriteString("String", from);
        json.WriteEndObject();
        json.WriteString("content", to);
        json.WriteEndObject();
    }

    private static void WriteTemplate(Utf8JsonWriter json, string[] words, Tokenizer tokenizer)
    {
        if (tokenizer.Bos is not int bos || !tokenizer.AddsBos)
        {
            json.WriteNull("post_processor");
            return;
        }
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        foreach ((string name, string[] sequences) in new[] { ("single", new[] { "A" }), ("pair", ["A", "B"]) })
        {
            json.WriteStartArray(name);
            for (int i = 0; i < sequences.Length; i++)
            {
                WritePart(json, "SpecialToken", words[bos], i);
                WritePart(json, "Sequence", sequences[i], i);
            }
            json.WriteEndArray();
        }
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(words[bos]);
        json.WriteString("id", words[bos]);
        json.WriteStartArray("ids");
        json.WriteNumberValue(bos);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(words[bos]);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, string kind, string id, int type)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, ModelMetadata metadata, string[] words, int[] kinds, Tokenizer tokenizer)
    {
        const string TemplateKey = "tokenizer.chat_template";
        json.WriteBoolean("add_bos_token", tokenizer.AddsBos);
        json.WriteStartObject("added_tokens_decoder");
        for (int id = 0; id < words.Length; id++)
        {
            if (!IsAdded(kinds[id])) continue;
            json.WritePropertyName(id.ToString(CultureInfo.InvariantCulture));
            WriteAdded(json, words[id], kinds[id], null);
        }
        json.WriteEndObject();
        if (tokenizer.Bos is int bos) json.WriteString("bos_token", words[bos]);
        if (tokenizer.Eos is int eos) json.WriteString("eos_token", words[eos]);
        string[] named = metadata.Array<string>(TemplateKey + "s") ?? [];
        if (named.Length == 0 && metadata.Contains(TemplateKey)) json.WriteString("chat_template", metadata.Text(TemplateKey));
        if (named.Length > 0)
        {
            json.WriteStartArray("chat_template");
            foreach ((string name, string key) in named.Select(name => (name, $"{TemplateKey}.{name}")).Prepend(("default", TemplateKey)))
            {
                if (!metadata.Contains(key)) continue;
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("template", metadata.Text(key));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteStartArray("model_input_names");
        json.WriteStringValue("input_ids");
        json.WriteStringValue("attention_mask");
        json.WriteEndArray();
        json.WriteNumber("model_max_length", metadata.Integer("llama.context_length", 8192));
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
    }
}
