using System.Text.Json;
using Cria.Generation.Grammar;
using Cria.Tokenization;

namespace Cria.Tests.Generation.Grammar;

public class SharedMaskTests
{
    private const string List = """{"type":"array","minItems":LEAST,"maxItems":MOST,"items":{"anyOf":[{"type":"integer"},{"type":"string"},{"type":"boolean"}]}}""";

    public static TheoryData<string> Patterns =>
    [
        "a{3,9}b", "(ab|a){2,12}", "((a|bb){0,7},){3,9}", "[a-c]{0,20}", "(a{1,4}b?){5,}", "(a?b?){2,9}c", "([^a]|aa){4,30}", "(()|a){1,9}b", "((a{2,5}|b{3,6}){2,5}c){2,5}", "(,1|,10|,123){3,40}",
        "(a|a{2,8}){1,8}", "(é|日本){2,9}",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Masks_taken_from_states_alike_are_those_of_a_grammar_that_knows_none(string pattern) =>
        AssertSame(() => TokenGrammar.FromRegex(SmallVocabulary.Tokenizer, pattern), 15);

    [Theory]
    [InlineData(0, 12)]
    [InlineData(9, 9)]
    [InlineData(4, 30)]
    public void In_lists_too(int least, int most)
    {
        string list = Bounded(List, least, most);
        AssertSame(() => Grammar(list), 10);
        AssertSame(() => Grammar(Bounded(List.Replace("""{"type":"boolean"}""", list, StringComparison.Ordinal), least, most)), 6);
    }

    [Fact]
    public void And_in_schemas_of_every_kind()
    {
        var schemas = new RandomSchema(new Random(5));
        for (int round = 0; round < 20; round++)
        {
            string schema = schemas.Next().ToJsonString();
            AssertSame(() => Grammar(schema), 2);
        }
    }

    [Fact]
    public void A_long_list_takes_few_walks_through_the_vocabulary()
    {
        Tokenizer tokenizer = SmallVocabulary.Tokenizer;
        TokenGrammar grammar = Grammar(Bounded(List, 500, 600));
        TokenConstraint constraint = grammar.Start();
        int asked = 0;
        foreach (int token in tokenizer.Encode("[1" + string.Concat(Enumerable.Range(0, 560).Select(i => i % 3 == 0 ? ", 10" : i % 3 == 1 ? ", \"the name\"" : ", true")) + "]"))
        {
            asked++;
            Assert.True(constraint.Allows(token));
            constraint.Accept(token);
        }
        Assert.True(constraint.IsComplete);
        Assert.InRange(grammar.Walks, 10, asked / 20);
    }

    private static TokenGrammar Grammar(string schema) => TokenGrammar.FromJsonSchema(SmallVocabulary.Tokenizer, JsonDocument.Parse(schema).RootElement);

    private static string Bounded(string schema, int least, int most) =>
        schema.Replace("LEAST", $"{least}", StringComparison.Ordinal).Replace("MOST", $"{most}", StringComparison.Ordinal);

    /// <summary>Random answers under one grammar that learns as it goes, each mask beside that of a fresh one.</summary>
    private static void AssertSame(Func<TokenGrammar> make, int answers)
    {
        const int Longest = 60;
        Tokenizer tokenizer = SmallVocabulary.Tokenizer;
        var random = new Random(7);
        TokenGrammar grammar = make();
        for (int answer = 0; answer < answers; answer++)
        {
            TokenConstraint constraint = grammar.Start();
            List<int> taken = [];
            while (!constraint.IsEnded && taken.Count < Longest)
            {
                TokenConstraint fresh = make().Start();
                taken.ForEach(fresh.Accept);
                Assert.True(constraint.Allowed.SequenceEqual(fresh.Allowed), $"after {tokenizer.Decode(taken)}");
                int[] allowed = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(constraint.Allows)];
                // Rather go on than end, so that a walk gets far in a repetition.
                int token = allowed[random.Next(allowed.Length)];
                if (tokenizer.IsStop(token))
                    token = allowed[random.Next(allowed.Length)];
                constraint.Accept(token);
                taken.Add(token);
            }
        }
    }
}
