using System.Text.Json;
using System.Text.Json.Nodes;
using Cria.Generation.Grammar;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Tests.Generation.Grammar;

public class JsonSchemaTests
{
    [Fact]
    public void Every_walk_through_the_masks_gives_text_that_is_valid()
    {
        Random random = new(1);
        RandomSchema schemas = new(random);
        for (int round = 0; round < 600; round++)
        {
            JsonObject schema = schemas.Next();
            TokenGrammar grammar = Compile(schema);
            for (int walk = 0; walk < 5; walk++)
                Validate(schema, RandomWalk.Next(grammar, SmallVocabulary.Tokenizer, random));
        }
    }

    [Theory]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"string\"}},\"required\":[\"a\"]}", "{\"a\": 1}", "{\"a\":1,\"b\":\"x\"}", "{\n  \"a\": 12,\n  \"b\": \"é\"\n}")]
    [InlineData("{\"type\":\"array\",\"items\":{\"type\":\"number\"},\"minItems\":1}", "[1]", "[-1.5e3, 0.25]")]
    [InlineData("{\"type\":\"integer\",\"minimum\":-3,\"maximum\":120}", "-3", "0", "99", "120", "100")]
    [InlineData("{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1}", "0.1", "0.0001", "1", "1.0")]
    [InlineData("{\"type\":\"string\",\"pattern\":\"b\"}", "\"b\"", "\"abc\"", "\"\\\"b\\\\\"")]
    [InlineData("{\"type\":\"string\"}", "\"\"", "\"\\ud83e\\udd99 🦙 \\u00e9 \\/\"")]
    [InlineData("{\"type\":\"string\",\"format\":\"date\"}", "\"2024-02-29\"", "\"2023-12-31\"")]
    [InlineData("{\"enum\":[1,\"x\",null,[1,2],{\"a\":1}]}", "1", "\"x\"", "null", "[1, 2]", "{\"a\": 1}")]
    [InlineData("{}", "{\"a\": [1, {\"b\": null}], \"c\": \"d\"}", "[]", "-0.5", "true")]
    [InlineData("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}", "{}", "{\"x\": 1, \"yy\": 2}")]
    [InlineData("{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"type\":\"object\",\"properties\":{\"next\":{\"anyOf\":[{\"$ref\":\"#/$defs/n\"},{\"type\":\"null\"}]}},\"required\":[\"next\"]}}}", "{\"next\": {\"next\": {\"next\": null}}}")]
    [InlineData("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":false}", "[]", "[1]", "[1, \"a\"]")]
    [InlineData("{\"type\":[\"integer\",\"null\"]}", "5", "null")]
    public void Accepts_what_is_valid(string schema, params string[] texts)
    {
        TokenGrammar grammar = Compile(JsonNode.Parse(schema)!);
        Assert.All(texts, text => Assert.True(Accepts(grammar, text), text));
    }

    [Theory]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}", "{}", "{\"b\": 1}", "{\"a\": \"1\"}", "{\"a\": 1, \"c\": 2}", "{\"a\": 1,}", "{\"a\": 1} ")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"string\"}}", "{\"b\": 1}", "{\"b\": \"x\", \"a\": 1}", "{\"a\": 1, \"a\": \"x\"}", "{\"\\u0061\": \"x\"}")]
    [InlineData("{\"type\":\"integer\",\"minimum\":-3,\"maximum\":120}", "-4", "121", "007", "1.0", "-0", "1e2")]
    [InlineData("{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1}", "0", "0.0", "1.01", "-1")]
    [InlineData("{\"type\":\"string\"}", "\"\\ud83e\"", "\"\\udd99\"", "\"a\nb\"", "\"\\x\"", "\"abc")]
    [InlineData("{\"type\":\"string\",\"format\":\"date\"}", "\"2023-02-29\"", "\"1900-02-29\"", "\"2023-13-01\"", "\"2023-04-31\"")]
    [InlineData("{\"type\":\"string\",\"maxLength\":2}", "\"abc\"", "\"\\u0061bc\"")]
    [InlineData("{\"type\":\"array\",\"items\":{},\"minItems\":2,\"maxItems\":3}", "[]", "[1]", "[1,2,3,4]")]
    public void Refuses_what_is_not(string schema, params string[] texts)
    {
        TokenGrammar grammar = Compile(JsonNode.Parse(schema)!);
        Assert.All(texts, text => Assert.False(Accepts(grammar, text), text));
    }

    [Theory]
    [InlineData("{\"not\":{}}", "'not'")]
    [InlineData("{\"properties\":{\"a\":{\"if\":{}}}}", "#/properties/a")]
    [InlineData("{\"patternProperties\":{}}", "'patternProperties'")]
    [InlineData("{\"type\":\"array\",\"uniqueItems\":true}", "'uniqueItems'")]
    [InlineData("{\"type\":\"integer\",\"multipleOf\":5}", "'multipleOf'")]
    [InlineData("{\"type\":\"string\",\"format\":\"iri\"}", "'iri'")]
    [InlineData("{\"type\":\"string\",\"pattern\":\"(?=a)b\"}", "(?=")]
    [InlineData("{\"type\":\"string\",\"pattern\":\"(a\"}", "never closed")]
    [InlineData("{\"type\":\"text\"}", "'text'")]
    [InlineData("{\"$ref\":\"https://example.com/a\"}", "outside")]
    [InlineData("{\"$ref\":\"#/$defs/missing\"}", "does not exist")]
    [InlineData("{\"$ref\":\"#\"}", "no text")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}", "no text")]
    [InlineData("{\"allOf\":[{\"$ref\":\"#\"},{\"type\":\"string\"}]}", "refers to itself")]
    [InlineData("{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "cannot be")]
    [InlineData("{\"type\":\"number\",\"exclusiveMinimum\":3,\"exclusiveMaximum\":3}", "cannot be")]
    [InlineData("{\"type\":\"string\",\"pattern\":\"^aaa$\",\"maxLength\":2}", "cannot be")]
    [InlineData("{\"type\":\"array\",\"minItems\":3,\"maxItems\":2}", "cannot be")]
    [InlineData("{\"enum\":[]}", "no text")]
    [InlineData("false", "no text")]
    [InlineData("{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}", "'oneOf'")]
    [InlineData("{\"minLength\":-1}", "'minLength'")]
    [InlineData("{\"type\":5}", "malformed")]
    [InlineData("{\"allOf\":5}", "malformed")]
    [InlineData("{\"anyOf\":null}", "'anyOf'")]
    [InlineData("{\"properties\":{\"a\":7}}", "should be an object")]
    [InlineData("7", "should be an object")]
    [InlineData("{\"minimum\":1e300}", "malformed")]
    public void What_is_not_supported_is_refused_by_name(string schema, string what)
    {
        CriaException error = Assert.Throws<CriaException>(() => TokenGrammar.FromJsonSchema(SmallVocabulary.Tokenizer, JsonDocument.Parse(schema).RootElement));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Walks_of_any_json_object_parse()
    {
        TokenGrammar grammar = TokenGrammar.JsonObject(SmallVocabulary.Tokenizer);
        Random random = new(2);
        for (int walk = 0; walk < 300; walk++)
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(RandomWalk.Next(grammar, SmallVocabulary.Tokenizer, random)).RootElement.ValueKind);
    }

    [Fact]
    public void The_real_vocabulary_gives_valid_text_too()
    {
        Tokenizer tokenizer = Tests.Tokenization.Llama3Vocabulary.Tokenizer;
        Random random = new(3);
        RandomSchema schemas = new(random);
        for (int round = 0; round < 12; round++)
        {
            JsonObject schema = schemas.Next();
            TokenGrammar grammar = TokenGrammar.FromJsonSchema(tokenizer, JsonSerializer.SerializeToElement(schema));
            string text = RandomWalk.Next(grammar, tokenizer, random);
            Validate(schema, text);
        }
    }

    private static void Validate(JsonObject schema, string text)
    {
        JsonElement value;
        try
        {
            value = JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException error)
        {
            Assert.Fail($"{error.Message}\n{text}\n{schema}");
            return;
        }
        string? wrong = SchemaValidator.Check(schema, schema, value);
        Assert.True(wrong is null, $"{wrong}\n{text}\n{schema}");
    }

    private static TokenGrammar Compile(JsonNode schema) => TokenGrammar.FromJsonSchema(SmallVocabulary.Tokenizer, JsonSerializer.SerializeToElement(schema));

    /// <summary>True when the text is an answer, given byte by byte and in the usual tokens alike.</summary>
    private static bool Accepts(TokenGrammar grammar, string text)
    {
        Tokenizer tokenizer = SmallVocabulary.Tokenizer;
        bool bytes = AcceptsIds(grammar, [.. System.Text.Encoding.UTF8.GetBytes(text).Select(value => (int)value)]);
        Assert.Equal(bytes, AcceptsIds(grammar, tokenizer.Encode(text)));
        return bytes;
    }

    private static bool AcceptsIds(TokenGrammar grammar, int[] ids)
    {
        TokenConstraint constraint = grammar.Start();
        foreach (int id in ids)
        {
            if (!constraint.Allows(id))
            {
                Assert.Throws<CriaException>(() => constraint.Accept(id));
                return false;
            }
            constraint.Accept(id);
        }
        return constraint.IsComplete;
    }
}
