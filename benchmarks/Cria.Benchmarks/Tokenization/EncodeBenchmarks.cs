using System.Text;
using BenchmarkDotNet.Attributes;
using Cria.Tokenization;

namespace Cria.Benchmarks.Tokenization;

/// <summary>
/// Encoding with the real Llama 3 vocabulary, which lies beside the repository in <c>../shared</c>.
/// Goals: English at 10 MB/s or more on one core, and every hard case of 1 MB in under a second.
/// </summary>
[MemoryDiagnoser]
public class EncodeBenchmarks
{
    private readonly List<int> ids = new(1 << 21);
    private Tokenizer tokenizer = null!;
    private byte[] text = null!;

    /// <summary>What is encoded.</summary>
    [Params("english", "one letter", "spaces", "one long word", "digits", "newlines", "emoji", "random letters")]
    public string Text { get; set; } = "english";

    [GlobalSetup]
    public void Load()
    {
        const int Size = 1 << 20;
        tokenizer = BytePairTokenizer.FromTiktoken(ReferenceFile.PathOf("data/llama3/tokenizer.model"));
        Random random = new(1);
        text = Text switch
        {
            "english" => File.ReadAllBytes(ReferenceFile.PathOf("data/text/tinyshakespeare.txt")),
            "one letter" => Filled('a', Size),
            "spaces" => Filled(' ', Size),
            "one long word" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("antidisestablishmentarianism", Size / 28))),
            "digits" => Filled('7', Size),
            "newlines" => Filled('\n', Size),
            "emoji" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("🦙", Size / 4))),
            _ => [.. Enumerable.Range(0, Size).Select(_ => (byte)('a' + random.Next(26)))],
        };
    }

    [Benchmark]
    public int Encode()
    {
        ids.Clear();
        tokenizer.EncodeUtf8(text, ids);
        return ids.Count;
    }

    private static byte[] Filled(char letter, int size)
    {
        byte[] bytes = new byte[size];
        Array.Fill(bytes, (byte)letter);
        return bytes;
    }
}
