using System.Text.Json;
using System.Text.RegularExpressions;
using Cria.Generation.Grammar;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Tests.Generation.Grammar;

public class TokenConstraintTests
{
    // One character for .NET, which counts UTF-16 units.
    private const string Any = "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^\\n\\r\\u2028\\u2029\\uD800-\\uDFFF])";

    public static TheoryData<string, string> Patterns => new()
    {
        { "a*b", "a*b" },
        { "(ab|a)(bc|c)?", "(ab|a)(bc|c)?" },
        { "x{2,5}y?", "x{2,5}y?" },
        { "\\d+(\\.\\d+)?", "[0-9]+(\\.[0-9]+)?" },
        { "[a-f0-9]{4}-[^a]{2}", "[a-f0-9]{4}-(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^a\\uD800-\\uDFFF]){2}" },
        { ".{0,4}z", Any + "{0,4}z" },
        { "日本|🦙+|é?è", "日本|(🦙)+|é?è" },
        { "\\w{1,4}\\s", "[A-Za-z0-9_]{1,4}[\\s\uFEFF]" },
        { "^abc$", "abc" },
        { "(?:a|(b)(?<n>c))+", "(a|bc)+" },
        { "\\p{Lu}\\p{Ll}+?", "((?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])|\\p{Lu})((?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])|\\p{Ll})+" },
        { "[\\u0041-\\u0043]\\x44\\u{1F999}", "[ABC]D🦙" },
        { "((((((((((a{3}){3}){3}){3}){3}){1}){1}){1}){1}){1}){1}", "a{243}" },
    };

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Walks_match_the_pattern(string pattern, string oracle)
    {
        Random random = new(1);
        TokenGrammar grammar = TokenGrammar.FromRegex(SmallVocabulary.Tokenizer, pattern);
        for (int walk = 0; walk < 40; walk++)
            Assert.Matches(new Regex($"^(?:{oracle})$", RegexOptions.CultureInvariant), RandomWalk.Next(grammar, SmallVocabulary.Tokenizer, random));
    }

    [Fact]
    public void Accepts_exactly_what_the_pattern_matches()
    {
        Random random = new(2);
        string[] patterns = ["a*b", "(ab|a)(bc|c)?", "[ab]{2,3}c?", "(a|b)*c(a|b)*", "a{0}b", "()", "a||b", "(a*)*b", "((a{1,3}){1,2}b){2}", "[^a]{1,2}", "(b|c{2})+a?"];
        foreach (string pattern in patterns)
        {
            TokenGrammar grammar = TokenGrammar.FromRegex(SmallVocabulary.Tokenizer, pattern);
            Regex oracle = new($"^(?:{pattern})$");
            for (int round = 0; round < 400; round++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(0, 9)).Select(_ => "abc"[random.Next(3)]));
                TokenConstraint constraint = grammar.Start();
                bool accepted = text.All(letter => TryAccept(constraint, letter)) && constraint.IsComplete;
                Assert.True(oracle.IsMatch(text) == accepted, $"{pattern} on '{text}': {accepted}");
            }
        }
    }

    [Fact]
    public void The_mask_is_what_accepting_each_token_says()
    {
        Tokenizer tokenizer = SmallVocabulary.Tokenizer;
        Random random = new(3);
        TokenGrammar grammar = TokenGrammar.FromJsonSchema(tokenizer, JsonDocument.Parse("""
            {"type":"object","properties":{"name":{"type":"string"},"a":{"type":"string","maxLength":5},"n":{"type":"number"},"p":{"type":"string","pattern":"^é+x"}},"required":["name"],"additionalProperties":{}}
            """).RootElement);
        for (int round = 0; round < 20; round++)
        {
            TokenConstraint constraint = grammar.Start();
            for (int step = 0; step < 25 && !constraint.IsEnded; step++)
            {
                List<int> allowed = [];
                for (int id = 0; id < tokenizer.VocabularySize; id++)
                {
                    bool fits = TryAccept(constraint.Clone(), id);
                    Assert.Equal(fits, (constraint.Allowed[id >> 6] >> (id & 63) & 1) != 0);
                    if (fits)
                        allowed.Add(id);
                }
                constraint.Accept(allowed[random.Next(allowed.Count)]);
            }
        }
    }

    [Fact]
    public void Special_tokens_never_fit_and_stop_tokens_fit_at_the_end()
    {
        Tokenizer tokenizer = SmallVocabulary.Tokenizer;
        TokenConstraint constraint = TokenGrammar.FromRegex(tokenizer, ".*").Start();
        Assert.False(constraint.Allows(tokenizer.Bos!.Value));
        Assert.True(constraint.IsComplete && constraint.Allows(tokenizer.Eos!.Value));
        constraint.Accept('<');
        constraint.Accept(tokenizer.Eos!.Value);
        Assert.True(constraint.IsEnded);
        Assert.True(constraint.Allowed.IsEmpty);
        Assert.Throws<CriaException>(() => constraint.Accept('a'));
        TokenConstraint unfinished = TokenGrammar.FromRegex(tokenizer, "ab").Start();
        Assert.False(unfinished.Allows(tokenizer.Eos!.Value));
        Assert.Throws<CriaException>(() => unfinished.Accept(tokenizer.Eos!.Value));
        unfinished.Accept('a');
        unfinished.Accept('b');
        Assert.True(unfinished.Allows(tokenizer.Eos!.Value));
    }

    [Fact]
    public void Forced_tokens_spell_what_must_come()
    {
        Tokenizer tokenizer = Tests.Tokenization.Llama3Vocabulary.Tokenizer;
        TokenConstraint constraint = TokenGrammar.FromRegex(tokenizer, "The temperature in Paris is [0-9]+ degrees Celsius\\.").Start();
        List<int> forced = [];
        Assert.Equal(constraint.ForcedTokens(forced), forced.Count);
        Assert.StartsWith("The temperature in Paris", tokenizer.Decode(forced), StringComparison.Ordinal);
        Assert.StartsWith(tokenizer.Decode(forced), "The temperature in Paris is ", StringComparison.Ordinal);
        forced.ForEach(constraint.Accept);
        foreach (int id in tokenizer.Encode(" is 21".AsSpan(tokenizer.Decode(forced).EndsWith(" is", StringComparison.Ordinal) ? 3 : 0)))
            constraint.Accept(id);
        Assert.Equal(0, constraint.ForcedTokens([]));
        constraint.Accept(tokenizer.Encode(" ")[0]);
        forced.Clear();
        constraint.ForcedTokens(forced);
        Assert.Equal("degrees Celsius.", tokenizer.Decode(forced));
        forced.ForEach(constraint.Accept);
        Assert.True(constraint.IsComplete);
    }

    [Fact]
    public void One_grammar_serves_many_threads()
    {
        TokenGrammar grammar = TokenGrammar.JsonObject(SmallVocabulary.Tokenizer);
        Parallel.For(0, 200, i => JsonDocument.Parse(RandomWalk.Next(grammar, SmallVocabulary.Tokenizer, new Random(i))));
    }

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a{3,1}")]
    [InlineData("a\\")]
    [InlineData("[b-a]")]
    [InlineData("(a)\\1")]
    [InlineData("a(?!b)")]
    [InlineData("a\\b")]
    [InlineData("(^a)")]
    [InlineData("a$b")]
    [InlineData("a++")]
    [InlineData("a{99999}")]
    [InlineData("\\p{Greek}")]
    [InlineData("\\ud83d")]
    [InlineData("[]")]
    public void Patterns_that_cannot_be_are_refused_in_one_line(string pattern)
    {
        CriaException error = Assert.Throws<CriaException>(() => TokenGrammar.FromRegex(SmallVocabulary.Tokenizer, pattern));
        Assert.DoesNotContain('\n', error.Message);
    }

    private static bool TryAccept(TokenConstraint constraint, int token)
    {
        try
        {
            constraint.Accept(token);
            return true;
        }
        catch (CriaException)
        {
            return false;
        }
    }
}
