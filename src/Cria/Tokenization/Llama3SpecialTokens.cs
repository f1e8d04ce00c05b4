namespace Cria.Tokenization;

/// <summary>The special tokens of Llama 3, 256 in its own files, which follow the text tokens of its vocabulary. Source: Meta's <c>tokenizer.py</c>.</summary>
public static class Llama3SpecialTokens
{
    private const int Count = 256;

    /// <summary>As Llama 3 names them.</summary>
    public static IReadOnlyList<string> Original { get; } = Make(
        "<|begin_of_text|>", "<|end_of_text|>", null, null, null, null,
        "<|start_header_id|>", "<|end_header_id|>", null, "<|eot_id|>");

    /// <summary>As Llama 3.1 and later name them: with a padding token, the end of a message to a tool, and the mark of a tool call.</summary>
    public static IReadOnlyList<string> Llama31 { get; } = Make(
        "<|begin_of_text|>", "<|end_of_text|>", null, null, "<|finetune_right_pad_id|>", null,
        "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>");

    /// <summary>Only those that Llama 3's prompts are made of, for small vocabularies where 247 reserved tokens would cost more than they are worth.</summary>
    public static IReadOnlyList<string> Essential { get; } =
        ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];

    private static string[] Make(params string?[] named)
    {
        string[] all = new string[Count];
        int reserved = 0;
        for (int i = 0; i < Count; i++)
            all[i] = (i < named.Length ? named[i] : null) ?? FormattableString.Invariant($"<|reserved_special_token_{reserved++}|>");
        return all;
    }
}
