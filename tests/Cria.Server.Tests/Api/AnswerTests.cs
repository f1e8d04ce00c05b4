using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Server.Tests.Page;

namespace Cria.Server.Tests.Api;

/// <summary>What well-formed requests get.</summary>
public sealed class AnswerTests(PageServer server) : IDisposable
{
    private const string Chat = "/v1/chat/completions", Story = """ "messages":[{"role":"user","content":"Tell me a story about a cat."}] """;

    private readonly Api api = new(server.Address);

    public void Dispose() => api.Dispose();

    [Fact]
    public async Task Equal_seeds_give_equal_text_and_choices_differ()
    {
        JsonElement Texts(JsonElement answer) => answer.GetProperty("choices");
        JsonElement[] twice = [.. await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => api.Ask(Chat, "{" + Story + $$""","seed":7,"n":3,"temperature":1,"max_tokens":24}""")))];
        string[] first = [.. Texts(twice[0]).EnumerateArray().Select(Text)], second = [.. Texts(twice[1]).EnumerateArray().Select(Text)];
        Assert.Equal(3, first.Length);
        Assert.Equal(first, second);
        Assert.True(first.Distinct().Count() > 1);
    }

    [Fact]
    public async Task Stop_texts_end_an_answer_and_are_no_part_of_it()
    {
        string whole = Text(First(await api.Ask(Chat, "{" + Story + $$""","temperature":0,"max_tokens":40}""")));
        string stop = whole.Substring(whole.Length / 2, 5);
        JsonElement cut = First(await api.Ask(Chat, "{" + Story + $$""","temperature":0,"max_tokens":40,"stop":[{{JsonSerializer.Serialize(stop)}}]}"""));
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], Text(cut));
        Assert.Equal("stop", cut.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Probabilities_bias_and_least_lengths_are_honoured()
    {
        JsonElement token = First(await api.Ask(Chat, "{" + Story + $$""","temperature":0,"max_tokens":1,"logprobs":true,"top_logprobs":3}""")).GetProperty("logprobs").GetProperty("content")[0];
        Assert.Equal(3, token.GetProperty("top_logprobs").GetArrayLength());
        Assert.Equal(token.GetProperty("token").GetString(), token.GetProperty("top_logprobs")[0].GetProperty("token").GetString());
        double sum = token.GetProperty("top_logprobs").EnumerateArray().Sum(other => Math.Exp(other.GetProperty("logprob").GetDouble()));
        Assert.InRange(sum, 0.1, 1.0001);

        string first = token.GetProperty("token").GetString()!;
        int id = (await api.Ask("/v1/tokenize", $$"""{"prompt":{{JsonSerializer.Serialize(first)}},"add_special_tokens":false}""")).GetProperty("tokens")[0].GetInt32();
        JsonElement other = First(await api.Ask(Chat, "{" + Story + $$""","temperature":0,"max_tokens":1,"logit_bias":{"{{id}}":-100},"logprobs":true}"""));
        Assert.NotEqual(first, other.GetProperty("logprobs").GetProperty("content")[0].GetProperty("token").GetString());

        JsonElement least = await api.Ask(Chat, """{"messages":[{"role":"user","content":"Hello"}],"temperature":0,"min_tokens":50,"max_tokens":60}""");
        Assert.InRange(least.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 50, 60);
    }

    [Fact]
    public async Task Tokens_that_end_an_answer_stand_beside_the_models_own_or_in_their_place()
    {
        const string Sum = """{"messages":[{"role":"user","content":"What is 3 + 4?"}],"temperature":0,"max_tokens":30""";
        JsonElement whole = await api.Ask(Chat, Sum + ""","logprobs":true}""");
        int length = whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        Assert.InRange(length, 3, 29);
        string third = First(whole).GetProperty("logprobs").GetProperty("content")[2].GetProperty("token").GetString()!;
        int id = (await api.Ask("/v1/tokenize", $$"""{"prompt":{{JsonSerializer.Serialize(third)}},"add_special_tokens":false}""")).GetProperty("tokens")[0].GetInt32();
        async Task<int> Length(string field) => (await api.Ask(Chat, Sum + "," + field + "}")).GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        Assert.InRange(await Length($$""" "stop_token_ids":[{{id}}] """), 0, 2);
        Assert.InRange(await Length($$""" "eos_token":[{{id}}] """), 0, 2);
        // A token that does not come: the model's own end still holds, or no longer does.
        Assert.Equal(length, await Length(""" "stop_token_ids":[0] """));
        Assert.Equal(30, await Length(""" "eos_token":[0] """));
        Assert.Equal(30, await Length(""" "ignore_eos":true """));
    }

    [Fact]
    public async Task The_likeliest_tokens_can_be_left_out()
    {
        string likeliest = Text(First(await api.Ask(Chat, "{" + Story + $$""","temperature":0,"max_tokens":12}""")));
        const string Field = ""","temperature":1,"seed":3,"max_tokens":12,"xtc_threshold":0.001,"xtc_probability":""";
        string never = Text(First(await api.Ask(Chat, "{" + Story + Field + "0}"))), always = Text(First(await api.Ask(Chat, "{" + Story + Field + "1}")));
        Assert.Equal(never, Text(First(await api.Ask(Chat, "{" + Story + $$""","temperature":1,"seed":3,"max_tokens":12}"""))));
        Assert.NotEqual(never, always);
        Assert.NotEqual(likeliest, always);
    }

    [Fact]
    public async Task A_stream_holds_the_whole_answer_and_its_usage()
    {
        string body = "{" + Story + $$""","seed":3,"max_tokens":30""";
        JsonElement whole = await api.Ask(Chat, body + "}");
        List<JsonElement> events = await api.Stream(Chat, body + ""","stream":true,"stream_options":{"include_usage":true}}""");
        string text = string.Concat(events.Where(part => part.GetProperty("choices").GetArrayLength() > 0).Select(part => First(part).GetProperty("delta").TryGetProperty("content", out JsonElement piece) ? piece.GetString() : ""));
        Assert.Equal(Text(First(whole)), text);
        Assert.Equal(0, events[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), events[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.All(events[..^1], part => Assert.Equal(JsonValueKind.Null, part.GetProperty("usage").ValueKind));
        Assert.All(await api.Stream(Chat, body + ""","stream":true}"""), part => Assert.False(part.TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task Completions_take_texts_and_tokens_and_echo_them()
    {
        JsonElement answer = await api.Ask("/v1/completions", """{"prompt":["Once upon a time","Long ago"],"n":2,"echo":true,"max_tokens":6,"temperature":0,"logprobs":2}""");
        string[] texts = [.. answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
        Assert.Equal(4, texts.Length);
        Assert.StartsWith("Once upon a time", texts[0], StringComparison.Ordinal);
        Assert.Equal(texts[0], texts[1]);
        Assert.StartsWith("Long ago", texts[2], StringComparison.Ordinal);
        JsonElement tokens = (await api.Ask("/v1/tokenize", """{"prompt":"Once upon a time"}""")).GetProperty("tokens");
        JsonElement same = await api.Ask("/v1/completions", $$"""{"prompt":{{tokens}},"max_tokens":6,"temperature":0}""");
        Assert.Equal(texts[0], "Once upon a time" + First(same).GetProperty("text").GetString());
        Assert.Equal(16, (await api.Ask("/v1/completions", """{"prompt":"Once upon a time, a","temperature":0,"ignore_eos":true}""")).GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task An_echoed_prompt_is_scored_as_the_model_would_have_written_it()
    {
        // What it writes when it always takes the likeliest token, and what it says of the same text afterwards.
        JsonElement written = First(await api.Ask("/v1/completions", """{"prompt":"Once upon a time","max_tokens":8,"temperature":0,"logprobs":1}"""));
        string text = "Once upon a time" + written.GetProperty("text").GetString();
        JsonElement scored = First(await api.Ask("/v1/completions", $$"""{"prompt":{{JsonSerializer.Serialize(text)}},"max_tokens":0,"echo":true,"logprobs":1}"""));
        JsonElement probabilities = scored.GetProperty("logprobs");
        float?[] Values(JsonElement from) => [.. from.GetProperty("token_logprobs").EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? null : (float?)value.GetSingle())];
        float?[] before = Values(written.GetProperty("logprobs")), after = Values(probabilities);
        Assert.Null(after[0]);
        Assert.Equal(JsonValueKind.Null, probabilities.GetProperty("top_logprobs")[0].ValueKind);
        Assert.Equal(before, after[^before.Length..]);
        Assert.Equal(text, scored.GetProperty("text").GetString());
        int[] offsets = [.. probabilities.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32())];
        string[] tokens = [.. probabilities.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)];
        Assert.Equal(after.Length, offsets.Length);
        // The first is the beginning of the text, which the server put there.
        for (int i = 1; i < tokens.Length; i++) Assert.Equal(tokens[i], scored.GetProperty("text").GetString()!.Substring(offsets[i], tokens[i].Length));
    }

    [Fact]
    public async Task Embeddings_have_length_one_in_either_encoding()
    {
        JsonElement floats = await api.Ask("/v1/embeddings", """{"input":["A cat sleeps.","Two and two are four."]}""");
        float[] vector = [.. floats.GetProperty("data")[1].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
        Assert.Equal(server.Model.Config.HiddenSize, vector.Length);
        Assert.Equal(1, Math.Sqrt(vector.Sum(value => (double)value * value)), 1e-4);
        JsonElement packed = await api.Ask("/v1/embeddings", """{"input":"Two and two are four.","encoding_format":"base64"}""");
        Assert.Equal(vector, MemoryMarshal.Cast<byte, float>(packed.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray());
    }

    [Fact]
    public async Task Tokens_go_there_and_back()
    {
        const string Said = "Grüße, 你好 and 🦙!";
        JsonElement tokens = (await api.Ask("/v1/tokenize", JsonSerializer.Serialize(new { prompt = Said, add_special_tokens = false }))).GetProperty("tokens");
        Assert.Equal(Said, (await api.Ask("/v1/detokenize", $$"""{"tokens":{{tokens}}}""")).GetProperty("text").GetString());
        string prompt = (await api.Ask("/apply-template", """{"messages":[{"role":"user","content":"Hi"}]}""")).GetProperty("prompt").GetString()!;
        JsonElement rendered = await api.Ask("/v1/tokenize", """{"messages":[{"role":"user","content":"Hi"}]}""");
        JsonElement written = await api.Ask("/v1/tokenize", JsonSerializer.Serialize(new { prompt }));
        Assert.Equal(written.GetProperty("tokens").ToString(), rendered.GetProperty("tokens").ToString());
    }

    [Fact]
    public async Task Answers_keep_to_schemas_patterns_and_calls()
    {
        const string Ask = """ "messages":[{"role":"user","content":"Anna is 7."}],"max_tokens":120,"temperature":1,"seed":5 """;
        JsonElement structured = First(await api.Ask(Chat, "{" + Ask + ""","response_format":{"type":"json_schema","json_schema":{"name":"person","schema":{"type":"object","properties":{"name":{"type":"string","maxLength":10},"age":{"type":"integer","minimum":0,"maximum":150}},"required":["name","age"],"additionalProperties":false}}}}"""));
        using (JsonDocument person = JsonDocument.Parse(Text(structured)))
        {
            Assert.Equal(["age", "name"], person.RootElement.EnumerateObject().Select(property => property.Name).Order());
            Assert.InRange(person.RootElement.GetProperty("age").GetInt32(), 0, 150);
        }
        Assert.Matches("^(yes|no), [0-9]{3}$", Text(First(await api.Ask(Chat, "{" + Ask + ""","response_format":{"type":"regex","schema":"(yes|no), [0-9]{3}"}}"""))));
        JsonElement call = First(await api.Ask(Chat, "{" + Ask + ""","tools":[{"type":"function","function":{"name":"age_of","parameters":{"type":"object","properties":{"name":{"enum":["Anna","Tom"]}},"required":["name"],"additionalProperties":false}}}],"tool_choice":"required"}"""));
        Assert.Equal("tool_calls", call.GetProperty("finish_reason").GetString());
        JsonElement function = call.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function");
        Assert.Equal("age_of", function.GetProperty("name").GetString());
        Assert.Contains(JsonDocument.Parse(function.GetProperty("arguments").GetString()!).RootElement.GetProperty("name").GetString(), (string[])["Anna", "Tom"]);
    }

    [Fact]
    public async Task What_is_described_is_there()
    {
        JsonElement described = JsonDocument.Parse((await api.Get("/openapi.json")).Text).RootElement;
        foreach (JsonProperty path in described.GetProperty("paths").EnumerateObject())
        {
            string at = path.Name.Replace("{name}", server.ModelName, StringComparison.Ordinal);
            if (path.Value.TryGetProperty("get", out _)) Assert.Equal(200, (int)(await api.Get(at)).Status);
            // An empty object lacks a field, which only the right endpoint can tell.
            else Assert.Equal(400, (int)(await api.Post(at, "{}")).Status);
        }
        Assert.Contains(server.ModelName, (await api.Get("/v1/models")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_count_and_bear_the_names_of_other_servers()
    {
        double before = await api.Metric("cria_generated_tokens_total");
        await api.Ask(Chat, """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":5,"min_tokens":5}""");
        Assert.True(await api.Metric("cria_generated_tokens_total") >= before + 5);
        string metrics = (await api.Get("/metrics")).Text;
        // What the dashboards for Friendli's container ask for, as far as there is such a thing here, and samples of the others.
        foreach (string name in (string[])
        [
            "friendli_engine_version{", "friendli_requests_total ", "friendli_responses_total ", "friendli_items_total ", "friendli_failure_by_cancel ", "friendli_failure_by_reject ",
            "friendli_current_requests ", "friendli_current_items ", "friendli_current_assigned_items ", "friendli_current_waiting_items ", "friendli_tcache_hit_ratio_bucket{", "friendli_input_lengths_bucket{",
            "friendli_output_lengths_bucket{", "friendli_requests_latencies{quantile=\"0.9\"}", "friendli_requests_ttft{quantile=\"0.99\"}", "friendli_requests_queueing_delays{quantile=\"0.5\"}",
            "vllm:num_requests_running{", "vllm:time_to_first_token_seconds_bucket{", "llamacpp:tokens_predicted_total ", "process_resident_memory_bytes ",
        ]) Assert.Contains('\n' + name, metrics, StringComparison.Ordinal);
        Assert.InRange(await api.Metric("friendli_requests_ttft_sum"), 1000 * await api.Metric("cria_time_to_first_token_seconds_sum"), double.MaxValue);
    }

    private static JsonElement First(JsonElement answer) => answer.GetProperty("choices")[0];

    private static string Text(JsonElement choice) => choice.GetProperty("message").GetProperty("content").GetString()!;
}
