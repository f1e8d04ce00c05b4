using System.Text;
using Cria.Tokenization;

namespace Cria.Tests.Generation.Grammar;

/// <summary>A vocabulary of the 256 bytes and some hundred tokens that straddle JSON's joints, as real vocabularies have them.</summary>
internal static class SmallVocabulary
{
    public static Tokenizer Tokenizer { get; } = Make();

    private static BytePairTokenizer Make()
    {
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })];
        string[] words =
        [
            "{\"", "\":", "\": ", "\": \"", "\",", "\", ", "\", \"", "\"}", "}}", "]}", "[]", "{}", "[[", "]]", "[\"", "\"]", "}, {\"", "},{\"", "true", "false", "null", "tr", "ue", "nu", "ll",
            "\n", "\n  ", " {", " [", " \"", "  ", ", ", ",\n", ":1", "10", "123", "000", "-1", "0.", ".5", "e1", "E+", "\\n", "\\\"", "\\u", "\\u00", "\\\\", "\\ud83d", "the", "name", " llama",
            "a", "ab", "abc", "aa", "aaaa", "é", "日本", "🦙", "2024-", "-01-", "T12", ":00", "Z", "@", ".com", "\"name\"", "\"id\": ", "{\"name\": \"", "\"a\"", "\"b\":",
        ];
        tokens.AddRange(words.Select(Encoding.UTF8.GetBytes));
        // Tokens that end or begin inside a character.
        tokens.AddRange([[0xF0, 0x9F], [0xA6, 0x99], [0xE6, 0x97], [0xA5, 0x22], [0x22, 0xE6], [0xC3, 0xA9, 0x22]]);
        tokens = [.. tokens.DistinctBy(Convert.ToHexString)];
        return BytePairTokenizer.FromRanks("small", [.. tokens.Select(token => (ReadOnlyMemory<byte>)token)], ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]);
    }
}
