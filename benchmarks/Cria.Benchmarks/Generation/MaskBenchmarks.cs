using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Cria.Benchmarks.Tokenization;
using Cria.Generation.Grammar;
using Cria.Tokenization;

namespace Cria.Benchmarks.Generation;

/// <summary>
/// What constrained decoding adds to a token on the vocabulary of Llama 3 (128256 tokens): compiling a schema, an answer whose masks are all new,
/// and the same answer when they are known. Divide the answers by <see cref="TokenCount"/> for the cost of one token.
/// </summary>
[MemoryDiagnoser]
public class MaskBenchmarks
{
    private const string Schema = """
        {"type":"object","properties":{"title":{"type":"string"},"year":{"type":"integer","minimum":1900,"maximum":2100},"code":{"type":"string","maxLength":40},
        "tags":{"type":"array","items":{"type":"string"},"maxItems":5},"author":{"type":"object","properties":{"name":{"type":"string"},"email":{"type":"string","format":"email"}},"required":["name"]},
        "notes":{"type":"array","items":{"anyOf":[{"type":"number"},{"type":"null"},{"type":"string","pattern":"^[a-z ]+$"}]}}},"required":["title","year","code","tags","author","notes"]}
        """;

    private const string Answer = """
        {"title": "The life and times of a llama in the high Andes", "year": 1998, "code": "QX-7781-B", "tags": ["animals", "mountains"], "author": {"name": "María Quispe", "email": "maria@example.com"}, "notes": [1.5, null, "a short note about wool"]}
        """;

    private readonly JsonElement schema = JsonDocument.Parse(Schema).RootElement;
    private Tokenizer tokenizer = null!;
    private TokenGrammar known = null!;
    private int[] answer = null!;
    private ulong[] mask = null!;

    /// <summary>The number of tokens of the answer.</summary>
    public int TokenCount => answer.Length;

    [GlobalSetup]
    public void Load()
    {
        tokenizer = BytePairTokenizer.FromTiktoken(ReferenceFile.PathOf("data/llama3/tokenizer.model"));
        answer = tokenizer.Encode(Answer.Trim());
        known = TokenGrammar.FromJsonSchema(tokenizer, schema);
        mask = new ulong[known.MaskLength];
        Walk(known);
    }

    [Benchmark]
    public TokenGrammar Compile() => TokenGrammar.FromJsonSchema(tokenizer, schema);

    [Benchmark]
    public bool AnswerWithNewMasks() => Walk(TokenGrammar.FromJsonSchema(tokenizer, schema));

    [Benchmark]
    public bool AnswerWithKnownMasks() => Walk(known);

    private bool Walk(TokenGrammar grammar)
    {
        TokenConstraint constraint = grammar.Start();
        foreach (int id in answer)
        {
            constraint.Mask(mask);
            constraint.Accept(id);
        }
        return constraint.IsComplete ? true : throw new InvalidOperationException("the answer does not fit the schema");
    }
}
