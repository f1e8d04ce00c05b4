using System.Text;
using Cria.Chat;

namespace Cria.Tests.Chat;

public sealed class ToolCallParserTests
{
    // Calls are shown as «name arguments»; everything else is the text that came through.
    [Theory]
    [InlineData("Hello there.", "Hello there.")]
    [InlineData("", "")]
    [InlineData(" \n ", " \n ")]
    [InlineData("""{"name": "get_weather", "parameters": {"city": "Zürich"}}""", """«get_weather {"city": "Zürich"}»""")]
    [InlineData("""  {"name": "get_weather", "arguments": {}}  """, "«get_weather {}»")]
    [InlineData("""{"type": "function", "name": "get_weather", "parameters": {"a": [1, {"b": null}]}}""", """«get_weather {"a": [1, {"b": null}]}»""")]
    [InlineData("""{"type": "function", "function": {"name": "get_weather", "arguments": {"a": 1}}}""", """«get_weather {"a": 1}»""")]
    [InlineData("""{"function": "get_weather", "parameters": {"a": 1}}""", """«get_weather {"a": 1}»""")]
    [InlineData("""{"name": "get_weather", "parameters": "{\"a\": 1}"}""", """«get_weather {"a": 1}»""")]
    [InlineData("""{"name": "get_weather"}""", "«get_weather {}»")]
    [InlineData("""{"name": "get_weather", "parameters": {"a": "}"}}; {"name": "add", "parameters": {"b": 2}}""", """«get_weather {"a": "}"}»«add {"b": 2}»""")]
    [InlineData("{\"name\": \"get_weather\", \"parameters\": {}}\n{\"name\": \"add\", \"parameters\": {}}", "«get_weather {}»«add {}»")]
    [InlineData("""[{"name": "get_weather", "parameters": {}}, {"name": "add", "parameters": {"x": 1}}]""", """«get_weather {}»«add {"x": 1}»""")]
    [InlineData("""{"name": "unknown", "parameters": {}}""", """{"name": "unknown", "parameters": {}}""")]
    [InlineData("""{"name": "get_weather", "parameters": {"a": 1}""", """{"name": "get_weather", "parameters": {"a": 1}""")]
    [InlineData("""{"name": "get_weather", "parameters": [1]}""", """{"name": "get_weather", "parameters": [1]}""")]
    [InlineData("""{"city": "Bern", "temp": 7}""", """{"city": "Bern", "temp": 7}""")]
    [InlineData("""{"name": "get_weather", "parameters": {}} as you asked""", "«get_weather {}» as you asked")]
    [InlineData("[1, 2, 3] is a list", "[1, 2, 3] is a list")]
    [InlineData("{ not json", "{ not json")]
    [InlineData("""Sure: {"name": "get_weather", "parameters": {}}""", """Sure: {"name": "get_weather", "parameters": {}}""")]
    [InlineData("""<|python_tag|>{"name": "get_weather", "parameters": {"a": 1}}""", """«get_weather {"a": 1}»""")]
    [InlineData("""<|python_tag|>{"name": "get_weather", "parameters": {}}; {"name": "add", "parameters": {}}""", "«get_weather {}»«add {}»")]
    [InlineData("""Let me look. <|python_tag|>brave_search.call(query="Llama 3 \"tokens\"")""", """Let me look. «brave_search {"query":"Llama 3 \u0022tokens\u0022"}»""")]
    [InlineData("<|python_tag|>print('hi')\nx = 1", """«code_interpreter {"code":"print(\u0027hi\u0027)\nx = 1"}»""")]
    [InlineData("""<|python_tag|>get_weather.call(city='Bern', days=3, wet=True, at=None, l=[1, -2.5], m={'k': 'v'})""", """«get_weather {"city":"Bern","days":3,"wet":true,"at":null,"l":[1,-2.5],"m":{"k":"v"}}»""")]
    [InlineData("<|python_tag|>get_weather.call()<|python_tag|>add.call(a=1)", """«get_weather {}»«add {"a":1}»""")]
    [InlineData("""<function=get_weather>{"city": "Bern"}</function>""", """«get_weather {"city": "Bern"}»""")]
    [InlineData("""I will. <function=get_weather>{"city": "Bern"}</function> <function=add>{}</function>""", """I will. «get_weather {"city": "Bern"}»«add {}»""")]
    [InlineData("""<function=get_weather>{"city": "Bern"}""", """«get_weather {"city": "Bern"}»""")]
    [InlineData("<function=other>{}</function> x", "<function=other>{}</function> x")]
    [InlineData("<function=get_weather>{oops</function> x", "<function=get_weather>{oops</function> x")]
    [InlineData("a < b and <b>bold</b> <func", "a < b and <b>bold</b> <func")]
    [InlineData("[get_weather(city='Bern', days=2), add(a=1, b=2)]", """«get_weather {"city":"Bern","days":2}»«add {"a":1,"b":2}»""")]
    [InlineData("[get_weather(city=open('x'))]", "[get_weather(city=open('x'))]")]
    [InlineData("[other(city='Bern')]", "[other(city='Bern')]")]
    public void Finds_calls_and_lets_text_through(string answer, string expected)
    {
        string[] known = ["get_weather", "add", "brave_search", "code_interpreter"];
        Assert.Equal(expected, Show(Run(answer, known, answer.Length)));
        // However the answer is cut into pieces, the result is the same.
        for (int size = 1; size <= 5; size++) Assert.Equal(expected, Show(Run(answer, known, size)));
    }

    [Fact]
    public void Takes_any_name_where_the_functions_are_not_known()
    {
        Assert.Equal("«anything {}»", Show(Run("""{"name": "anything", "parameters": {}}""", null, 3)));
        Assert.Equal("""{"name": "Ada", "age": 36}""", Show(Run("""{"name": "Ada", "age": 36}""", null, 3)));
    }

    [Fact]
    public void Keeps_the_id_of_a_call() =>
        Assert.Equal("c7", Assert.Single(Run("""{"id": "c7", "name": "add", "parameters": {}}""", null, 4)).Call!.Id);

    [Fact]
    public void Lets_text_through_as_it_comes()
    {
        var parser = new ToolCallParser(["add"]);
        Assert.Equal("Hel", Assert.Single(parser.Push("Hel")).Text);
        Assert.Equal("lo ", Assert.Single(parser.Push("lo <fun")).Text);
        Assert.Equal("<fun ", Assert.Single(parser.Push(" ")).Text);
        // JSON that cannot be a call does not wait for its end.
        parser = new ToolCallParser(["add"]);
        Assert.Empty(parser.Push("{\"na"));
        Assert.Equal("{\"names\": [", Assert.Single(parser.Push("mes\": [")).Text);
        Assert.Equal("1, 2", Assert.Single(parser.Push("1, 2")).Text);
    }

    [Fact]
    public void Loses_no_character_whatever_the_answer_holds()
    {
        string[] pieces = ["{", "}", "[", "]", "\"", "name", "\"name\": \"add\", ", "\"parameters\": {}", "<|python_tag|>", "<function=", "add", ">", "</function>", "(", ")", "a=1", ".call(", ",", ";", " ", "\n", "\\", "'", "text", "<", "|"];
        var random = new Random(5);
        for (int round = 0; round < 20_000; round++)
        {
            string answer = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            AnswerPart[] parts = Run(answer, ["add"], 1 + random.Next(6));
            if (parts.All(part => part.Call is null)) Assert.Equal(answer.Replace("<|python_tag|>", "", StringComparison.Ordinal), Show(parts).Replace("<|python_tag|>", "", StringComparison.Ordinal));
            Assert.All(parts, part => Assert.True(part.Text is null != part.Call is null));
            Assert.Equal(Show(parts), Show(Run(answer, ["add"], 1)));
        }
    }

    [Fact]
    public void Survives_answers_that_nest_without_end()
    {
        foreach (string piece in new[] { "{\"name\": ", "[", "<function=add>", "<|python_tag|>", "<|python_tag|>{}", "<|python_tag|>add.call(a=", "[add(a=[", "{\"name\": \"add\", \"parameters\": {\"a\": " })
            Assert.NotNull(Run(string.Concat(Enumerable.Repeat(piece, 3000)), ["add"], 7));
    }

    private static AnswerPart[] Run(string answer, string[]? known, int size)
    {
        var parser = new ToolCallParser(known);
        var parts = new List<AnswerPart>();
        for (int at = 0; at < answer.Length; at += Math.Max(size, 1)) parts.AddRange(parser.Push(answer.AsSpan(at, Math.Min(size, answer.Length - at))));
        parts.AddRange(parser.Finish());
        return [.. parts];
    }

    private static string Show(IEnumerable<AnswerPart> parts)
    {
        var text = new StringBuilder();
        foreach (AnswerPart part in parts)
        {
            if (part.Call is { } call) text.Append('«').Append(call.Name).Append(' ').Append(call.Arguments.GetRawText()).Append('»');
            else text.Append(part.Text);
        }

        return text.ToString();
    }
}
