using System.Globalization;
using System.Text.Json;
using Cria.Chat;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Tests.Chat;

public sealed class ChatTemplateTests
{
    private static readonly JsonElement WeatherTool = JsonDocument.Parse(
        """{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}""").RootElement;

    [Fact]
    public void Renders_every_reference_conversation_of_Llama_3()
    {
        JsonElement golden = ReadGolden("goldens/text/chat-template.json");
        ChatTemplate template = ChatTemplate.Parse(golden.GetProperty("template").GetString()!);
        int count = 0;
        foreach (JsonElement one in golden.GetProperty("cases").EnumerateArray())
        {
            ChatTurn[] turns = ChatTurnJson.ReadTurns(one.GetProperty("messages"));
            var options = new ChatTemplateOptions { AddGenerationPrompt = one.GetProperty("add_generation_prompt").GetBoolean() };
            Assert.Equal(one.GetProperty("text").GetString(), template.Render(turns, options).Text);
            // The format that stands in for a missing template writes the same.
            Assert.Equal(one.GetProperty("text").GetString(), ChatTemplate.Llama3.Render(turns, options).Text);
            count++;
        }

        Assert.True(count >= 12);
    }

    [Theory]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct")]
    public void Renders_every_reference_conversation_of_a_published_template(string name)
    {
        string source = File.ReadAllText(SharedData.PathOf($"goldens/text/templates/{name}.jinja"));
        JsonElement golden = ReadGolden($"goldens/text/templates/{name}.json");
        var clock = new FixedClock(DateTimeOffset.Parse(golden.GetProperty("now").GetString()!, CultureInfo.InvariantCulture));
        int count = 0;
        foreach (JsonElement one in golden.GetProperty("cases").EnumerateArray())
        {
            JsonElement input = one.GetProperty("input");
            ChatTemplate template = ChatTemplate.Parse(source, input.GetProperty("bos_token").GetString()!, input.GetProperty("eos_token").GetString()!);
            var options = new ChatTemplateOptions
            {
                AddGenerationPrompt = input.GetProperty("add_generation_prompt").GetBoolean(),
                Clock = clock,
                Tools = input.TryGetProperty("tools", out JsonElement tools) ? [.. tools.EnumerateArray()] : null,
                Variables = input.EnumerateObject().Where(property => property.Name is "tools_in_user_message" or "date_string")
                    .ToDictionary(property => property.Name, property => (object?)property.Value),
            };
            ChatTurn[] turns = ChatTurnJson.ReadTurns(input.GetProperty("messages"));
            if (one.TryGetProperty("error", out JsonElement error))
                Assert.EndsWith(error.GetString()!, Assert.ThrowsAny<CriaException>(() => template.Render(turns, options)).Message, StringComparison.Ordinal);
            else
                Assert.Equal(one.GetProperty("text").GetString(), template.Render(turns, options).Text);
            count++;
        }

        Assert.Equal(golden.GetProperty("cases").GetArrayLength(), count);
    }

    [Fact]
    public void Only_the_template_writes_special_tokens()
    {
        Tokenizer tokenizer = NanoTokenizer();
        ChatTurn[] turns = [new("user<|eot_id|>", "a <|eot_id|> b <|start_header_id|>"), new("assistant", "<|begin_of_text|>"), new("tool", "<|end_of_text|>")];
        ChatPrompt prompt = ChatTemplate.Llama3.Render(turns);
        int[] ids = prompt.Encode(tokenizer);

        Assert.Equal(3, ids.Count(id => id == tokenizer.FindSpecial("<|eot_id|>")));
        Assert.Equal(4, ids.Count(id => id == tokenizer.FindSpecial("<|start_header_id|>")));
        Assert.Equal(1, ids.Count(id => id == tokenizer.FindSpecial("<|begin_of_text|>")));
        Assert.DoesNotContain(tokenizer.FindSpecial("<|end_of_text|>")!.Value, ids);
        // Read as text, the prompt is the same, and it does begin with its own special token.
        Assert.Equal(prompt.Text, tokenizer.Decode(ids, skipSpecial: false));
        Assert.Equal(tokenizer.Bos, ids[0]);
    }

    [Fact]
    public void A_half_written_special_token_does_not_complete_in_the_template()
    {
        Tokenizer tokenizer = NanoTokenizer();
        ChatTemplate template = ChatTemplate.Parse("{{ bos_token }}{% for m in messages %}{{ m.content }}eot_id|>{% endfor %}");
        int[] ids = template.Render([new("user", "<|")]).Encode(tokenizer);
        Assert.DoesNotContain(tokenizer.FindSpecial("<|eot_id|>")!.Value, ids);
    }

    [Fact]
    public void A_known_role_may_be_part_of_a_special_token_and_an_invented_one_may_not()
    {
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}{{ '<|' + m.role + '|>' }}{% endfor %}");
        Assert.All(template.Render([new("user", "")]).Segments, segment => Assert.True(segment.IsTrusted));
        Assert.Contains(template.Render([new("eot_id", "")]).Segments, segment => !segment.IsTrusted && segment.Text == "eot_id");
    }

    [Fact]
    public void Reads_as_one_text_where_no_special_token_is_involved()
    {
        Tokenizer tokenizer = NanoTokenizer();
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}{{ m.role }} says:{{ m.content }}, and then {% endfor %}");
        var random = new Random(7);
        string[] words = ["", " ", "\n", "a", " the", "ing", "'s", "123", "4", "é", "👋", "  ", "\n\n", "don", "'t", "!?", "zz"];
        for (int i = 0; i < 300; i++)
        {
            ChatTurn[] turns = [.. Enumerable.Range(0, 3).Select(_ => new ChatTurn("user", string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => words[random.Next(words.Length)]))))];
            ChatPrompt prompt = template.Render(turns);
            Assert.Equal(tokenizer.Encode(prompt.Text), tokenizer.Encode(prompt.Segments));
        }
    }

    [Fact]
    public void Encodes_as_the_plain_text_does_when_nobody_writes_special_tokens()
    {
        Tokenizer tokenizer = NanoTokenizer();
        ChatPrompt prompt = ChatTemplate.Llama3.Render([new("system", "Be brief."), new("user", " Hi, 12345 'tis  \n me ")]);
        Assert.Equal(tokenizer.Encode(prompt.Text, parseSpecial: true), prompt.Encode(tokenizer));
    }

    [Fact]
    public void Finds_the_template_and_its_tokens_in_a_model()
    {
        ChatTemplate template = ChatTemplate.FromMetadata(Metadata(
            ("tokenizer.chat_template", "{{ bos_token }}-{{ eos_token }}-{{ messages[0].content }}"), ("tokenizer.chat_template.tool_use", "with {{ tools | length }} tools"),
            ("tokenizer.ggml.tokens", new[] { "<a>", "<b>" }), ("tokenizer.ggml.bos_token_id", 1L), ("tokenizer.ggml.eos_token_id", 0L)));
        Assert.True(template.IsOwn);
        Assert.Equal("<b>-<a>-x", template.Render([new("user", "x")]).Text);
        Assert.Equal("with 1 tools", template.Render([new("user", "x")], new() { Tools = [WeatherTool] }).Text);
        Assert.Equal("with 0 tools", template.Render([new("user", "x")], new() { TemplateName = "tool_use", Variables = new Dictionary<string, object?> { ["tools"] = Array.Empty<object>() } }).Text);
        Assert.Contains("'rag'", Assert.Throws<CriaException>(() => template.Render([], new() { TemplateName = "rag" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Falls_back_to_the_format_of_the_vocabulary()
    {
        ChatTemplate llama3 = ChatTemplate.FromMetadata(Metadata(("tokenizer.ggml.model", "gpt2")));
        Assert.False(llama3.IsOwn);
        Assert.StartsWith("<|begin_of_text|><|start_header_id|>user", llama3.Render([new("user", "x")]).Text, StringComparison.Ordinal);
        ChatTemplate llama2 = ChatTemplate.FromMetadata(Metadata(("tokenizer.ggml.model", "llama")));
        ChatTurn[] turns = [new("system", "Be brief."), new("user", "Hi"), new("assistant", "Hello"), new("user", "Bye")];
        Assert.Equal("<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]", llama2.Render(turns).Text);
    }

    [Fact]
    public void Names_the_file_and_line_of_a_faulty_template()
    {
        string message = Assert.Throws<CriaException>(() => ChatTemplate.FromMetadata(Metadata(("tokenizer.chat_template", "a\n{% if %}")))).Message;
        Assert.StartsWith("model.gguf: tokenizer.chat_template: chat template line 2: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ends_within_the_last_message_to_continue_it()
    {
        ChatTurn[] turns = [new("user", "Count."), new("assistant", "One, two, ")];
        string text = ChatTemplate.Llama3.Render(turns, new() { ContinueFinalMessage = true }).Text;
        Assert.EndsWith("<|end_header_id|>\n\nOne, two,", text, StringComparison.Ordinal);
        Assert.Throws<CriaException>(() => ChatTemplate.Llama3.Render([], new() { ContinueFinalMessage = true }));
    }

    [Fact]
    public void Marks_what_the_assistant_says()
    {
        ChatPrompt prompt = ChatTemplate.Llama3.Render([new("user", "Hi"), new("assistant", "Hello"), new("user", "Bye"), new("assistant", "See you")], new() { AddGenerationPrompt = false });
        Assert.Equal(["Hello<|eot_id|>", "See you<|eot_id|>"], prompt.AssistantRanges.Select(range => prompt.Text[range]));
    }

    [Fact]
    public void Lists_tools_and_shows_calls_where_the_model_has_no_template()
    {
        ChatTurn[] turns =
        [
            new("user", "Weather?"),
            new("assistant", null) { ToolCalls = [new("get_weather", JsonDocument.Parse("""{"city": "Zürich"}""").RootElement)] },
            new("tool", null) { Data = JsonDocument.Parse("""{"temp": 7}""").RootElement },
        ];
        string text = ChatTemplate.Llama3.Render(turns, new() { Tools = [WeatherTool] }).Text;
        Assert.Contains("\"name\": \"get_weather\",\n", text, StringComparison.Ordinal);
        Assert.Contains("""<|end_header_id|>""" + "\n\n" + """{"name": "get_weather", "parameters": {"city": "Zürich"}}<|eot_id|>""", text, StringComparison.Ordinal);
        Assert.Contains("<|start_header_id|>ipython<|end_header_id|>\n\n{\"temp\": 7}<|eot_id|>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renders_on_many_threads_at_once()
    {
        ChatTurn[] turns = [.. Enumerable.Range(0, 50).Select(i => new ChatTurn(i % 2 == 0 ? "user" : "assistant", $"message {i}"))];
        string expected = ChatTemplate.Llama3.Render(turns).Text;
        string[] texts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => ChatTemplate.Llama3.Render(turns).Text)));
        Assert.All(texts, text => Assert.Equal(expected, text));
    }

    private static ModelMetadata Metadata(params (string Key, object Value)[] values) =>
        new("model.gguf", values.Select(value => new KeyValuePair<string, object>(value.Key, value.Value)));

    private static JsonElement ReadGolden(string path) => JsonDocument.Parse(File.ReadAllText(SharedData.PathOf(path))).RootElement;

    private static Tokenizer NanoTokenizer()
    {
        using var file = Cria.Tensors.Formats.Gguf.GgufReader.Open(SharedData.PathOf("goldens/nano/nano-f32.gguf"));
        return Tokenizer.FromMetadata(file.Metadata);
    }
}
