using System.Text.Json;
using Cria.Chat;
using Cria.Generation;
using Cria.Generation.Grammar;
using Cria.Tensors;
using Cria.Tokenization;
using Microsoft.Extensions.AI;

namespace Cria.Tests.Chat;

public sealed class CriaChatClientTests
{
    private const string WeatherCall = """{"name": "get_weather", "parameters": {"city": "Zürich"}}""";
    private static readonly string[] Greeting = ["Hello", ", ", "wor", "ld", "! 👋"];
    private static readonly AIFunction Weather = AIFunctionFactory.Create((string city) => "7 degrees in " + city, "get_weather", "Weather in a city.");
    private static readonly AIFunction Time = AIFunctionFactory.Create(() => "noon", "get_time");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_with_text_usage_and_finish_reason()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatResponse response = await client.GetResponseAsync([new(ChatRole.User, "Hi")], cancellationToken: Cancellation);
        Assert.Equal("Hello, world! 👋", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("scripted", response.ModelId);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        Assert.Equal(scripted.Model.ToPrompt([new ChatTurn("user", "Hi")]).Length, response.Usage!.InputTokenCount);
        Assert.Equal(5, response.Usage.OutputTokenCount);
        Assert.Equal(response.Usage.InputTokenCount + 5, response.Usage.TotalTokenCount);
        Assert.Equal("<|eot_id|>", response.AdditionalProperties!["stop_text"]);
        Assert.IsType<ulong>(response.AdditionalProperties["seed"]);
    }

    [Fact]
    public async Task Streams_updates_that_share_their_ids()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        List<ChatResponseUpdate> updates = await Collect(client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], cancellationToken: Cancellation));
        Assert.Equal(Greeting, updates.Where(update => update.Text.Length > 0).Select(update => update.Text));
        Assert.Single(updates.Select(update => (update.ResponseId, update.MessageId, update.ModelId, update.CreatedAt, update.Role)).Distinct());
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        Assert.All(updates[..^1], update => Assert.Null(update.FinishReason));
        Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents));
        string second = (await Collect(client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], cancellationToken: Cancellation)))[0].ResponseId!;
        Assert.NotEqual(updates[0].ResponseId, second);
    }

    [Fact]
    public async Task Honours_the_maximum_of_tokens_and_stop_texts()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatResponse cut = await Ask(client, new() { MaxOutputTokens = 3 });
        Assert.Equal(("Hello, wor", ChatFinishReason.Length), (cut.Text, cut.FinishReason!.Value));
        ChatResponse stopped = await Ask(client, new() { StopSequences = ["o, w"] });
        Assert.Equal(("Hell", ChatFinishReason.Stop), (stopped.Text, stopped.FinishReason!.Value));
        Assert.Equal("o, w", stopped.AdditionalProperties!["stop_text"]);
    }

    [Fact]
    public async Task Honours_what_ChatOptions_say_of_sampling()
    {
        using var scripted = new ScriptedModel(["a|b", "c|d", "e|f", "g|h", "i|j", "k|l", "m|n", "o|p"]);
        using IChatClient client = scripted.Model.AsIChatClient();
        string[] texts = new string[20];
        for (int i = 0; i < texts.Length; i++) texts[i] = (await Ask(client, new() { Seed = i, Temperature = 1, TopP = 1 })).Text;
        Assert.True(texts.Distinct().Count() > 10, "seeds make no difference");
        for (int i = 0; i < texts.Length; i++) Assert.Equal(texts[i], (await Ask(client, new() { Seed = i, Temperature = 1, TopP = 1 })).Text);
        Assert.Single((await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Ask(client, new() { Seed = i, Temperature = 0 })))).Select(response => response.Text).Distinct());
        Assert.Single((await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Ask(client, new() { Seed = i, Temperature = 1, TopK = 1 })))).Select(response => response.Text).Distinct());
        Assert.Single((await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Ask(client, new() { Seed = i, Temperature = 1, TopP = 0.3f })))).Select(response => response.Text).Distinct());
    }

    [Fact]
    public async Task Honours_penalties_and_the_settings_that_ChatOptions_lack()
    {
        // One token leads to itself or to another: what keeps it from repeating shows.
        using var scripted = new ScriptedModel(["again", "again", "again", "again", "done"]);
        using IChatClient client = scripted.Model.AsIChatClient();
        Tokenizer tokenizer = scripted.Model.Tokenizer;
        int again = tokenizer.Encode("again")[0], done = tokenizer.Encode("done")[0];
        Assert.Equal("againdone", (await Ask(client, new() { Temperature = 0, FrequencyPenalty = 1 })).Text);
        Assert.Equal("againdone", (await Ask(client, new() { Temperature = 0, PresencePenalty = 1 })).Text);
        Assert.Equal("againdone", (await Ask(client, With("logit_bias", new Dictionary<int, float> { [done] = 5 }))).Text);
        Assert.Equal("againagainagain", (await Ask(client, With("logit_bias", new Dictionary<int, float> { [again] = 5 }, maxTokens: 3))).Text);
        Assert.Equal("againdone", (await Ask(client, With("repetition_penalty", 1.5))).Text);
        ChatResponseUpdate first = (await Collect(client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], With("log_probabilities", 2, maxTokens: 1), Cancellation)))[0];
        Assert.Equal(2, Assert.IsType<TextPiece>(first.RawRepresentation).Alternatives.Count);
        Assert.Equal("again", (await Ask(client, new() { RawRepresentationFactory = _ => new GenerationOptions { MaxTokens = 1, Temperature = 0 } })).Text);
    }

    [Fact]
    public async Task Puts_instructions_before_the_conversation()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatResponse without = await client.GetResponseAsync([new(ChatRole.User, "Hi")], new() { Instructions = "Be brief." }, Cancellation);
        Assert.Equal(scripted.Model.ToPrompt([new("system", "Be brief."), new("user", "Hi")]).Length, without.Usage!.InputTokenCount);
        ChatResponse with = await client.GetResponseAsync([new(ChatRole.System, "Rhyme."), new(ChatRole.User, "Hi")], new() { Instructions = "Be brief." }, Cancellation);
        Assert.Equal(scripted.Model.ToPrompt([new("system", "Be brief.\n\nRhyme."), new("user", "Hi")]).Length, with.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Finds_tool_calls_and_takes_their_results()
    {
        using var scripted = new ScriptedModel([WeatherCall[..20], WeatherCall[20..40], WeatherCall[40..]]);
        using IChatClient client = scripted.Model.AsIChatClient();
        var options = new ChatOptions { Tools = [Weather, Time] };
        List<ChatMessage> messages = [new(ChatRole.User, "Weather?")];
        ChatResponse response = await client.GetResponseAsync(messages, options, Cancellation);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(Assert.Single(response.Messages).Contents));
        Assert.Equal("get_weather", call.Name);
        Assert.Equal("Zürich", ((JsonElement)call.Arguments!["city"]!).GetString());
        Assert.NotEmpty(call.CallId);

        messages.AddRange(response.Messages);
        messages.Add(new(ChatRole.Tool, [new FunctionResultContent(call.CallId, await Weather.InvokeAsync(new(call.Arguments), Cancellation))]));
        ChatResponse second = await client.GetResponseAsync(messages, new(), Cancellation);
        Assert.Equal(
            scripted.Model.ToPrompt([new("user", "Weather?"), new("assistant", null) { ToolCalls = [new("get_weather", Json("""{"city": "Zürich"}"""))] }, new("tool", "7 degrees in Zürich")]).Length,
            second.Usage!.InputTokenCount);
        // Nothing is parsed where no tools are offered.
        Assert.Equal(WeatherCall, second.Text);
    }

    [Fact]
    public async Task Finds_calls_behind_the_special_token_and_several_at_once()
    {
        using var scripted = new ScriptedModel(["I look. ", "<|python_tag|>", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Bern\"}}; ", "{\"name\": \"get_time\", \"parameters\": {}}"]);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatResponse response = await Ask(client, new() { Tools = [Weather, Time] });
        Assert.Equal("I look. ", response.Text);
        Assert.Equal(["get_weather", "get_time"], response.Messages[0].Contents.OfType<FunctionCallContent>().Select(call => call.Name));
        Assert.Equal(2, response.Messages[0].Contents.OfType<FunctionCallContent>().Select(call => call.CallId).Distinct().Count());
        ChatResponse single = await Ask(client, new() { Tools = [Weather, Time], AllowMultipleToolCalls = false });
        Assert.Equal("get_weather", Assert.Single(single.Messages[0].Contents.OfType<FunctionCallContent>()).Name);
        Assert.Equal(ChatFinishReason.ToolCalls, single.FinishReason);
        // Without tools, the special token is not text.
        Assert.StartsWith("I look. {\"name\"", (await Ask(client, new() { Tools = [Weather], ToolMode = ChatToolMode.None })).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offers_tools_unless_told_not_to()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        long bare = (await Ask(client, new())).Usage!.InputTokenCount!.Value;
        Assert.True((await Ask(client, new() { Tools = [Weather] })).Usage!.InputTokenCount > bare + 100);
        Assert.Equal(bare, (await Ask(client, new() { Tools = [Weather], ToolMode = ChatToolMode.None })).Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Parts_calls_for_a_template_that_knows_one_at_a_time()
    {
        const string Template = "{% for m in messages %}{% if m.tool_calls %}{% if m.tool_calls | length != 1 %}{{ raise_exception('one call at a time') }}{% endif %}"
            + "[{{ m.tool_calls[0].function.name }}]{% else %}{{ m.role }}:{{ m.content }};{% endif %}{% endfor %}{{ '\n' }}";
        using var scripted = new ScriptedModel(Greeting, Template);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatMessage[] messages =
        [
            new(ChatRole.User, "Both?"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "get_weather"), new FunctionCallContent("2", "get_time")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "rain"), new FunctionResultContent("2", "noon")]),
        ];
        ChatResponse response = await client.GetResponseAsync(messages, cancellationToken: Cancellation);
        const string Expected = "user:Both?;[get_weather]tool:rain;[get_time]tool:noon;\n";
        Assert.Equal(scripted.Model.Tokenize(Expected).Length, response.Usage!.InputTokenCount);
        Assert.Equal("Hello, world! 👋", response.Text);
    }

    [Fact]
    public async Task Keeps_a_conversation_under_its_id()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        ChatResponse first = await client.GetResponseAsync([new(ChatRole.User, "Hi")], new() { ConversationId = "c1" }, Cancellation);
        Assert.Equal("c1", first.ConversationId);
        ChatResponse second = await client.GetResponseAsync([new(ChatRole.User, "Bye")], new() { ConversationId = "c1" }, Cancellation);
        Assert.Equal(scripted.Model.ToPrompt([new("user", "Hi"), new("assistant", first.Text), new("user", "Bye")]).Length, second.Usage!.InputTokenCount);
        ChatResponse other = await client.GetResponseAsync([new(ChatRole.User, "Bye")], new() { ConversationId = "c2" }, Cancellation);
        Assert.Equal(scripted.Model.ToPrompt([new("user", "Bye")]).Length, other.Usage!.InputTokenCount);
        Assert.Null((await Ask(client, new())).ConversationId);
    }

    [Fact]
    public void Forgets_the_conversation_that_was_used_longest_ago()
    {
        var store = new ConversationStore(2);
        store.Append("a", [new("user", "1")]);
        store.Append("b", [new("user", "2")]);
        store.Append("a", [new("user", "3")]);
        store.Append("c", [new("user", "4")]);
        Assert.Equal(["1", "3"], store.Get("a").Select(turn => turn.Content));
        Assert.Empty(store.Get("b"));
        Assert.Single(store.Get("c"));
    }

    public static TheoryData<string, Func<ChatOptions>> Refused => new()
    {
        { "ModelId", () => new() { ModelId = "other" } },
        { "AllowBackgroundResponses", () => new() { AllowBackgroundResponses = true } },
        { "ContinuationToken", () => new() { ContinuationToken = ResponseContinuationToken.FromBytes(new byte[] { 1 }) } },
        { "Reasoning", () => new() { Reasoning = new() { Effort = ReasoningEffort.High } } },
        { "Tools", () => new() { Tools = [new HostedWebSearchTool()] } },
        { "RawRepresentationFactory", () => new() { RawRepresentationFactory = _ => "text" } },
        { "ToolMode", () => new() { Tools = [Time], ToolMode = ChatToolMode.RequireSpecific("other") } },
        { "ToolMode", () => new() { ToolMode = ChatToolMode.RequireAny } },
        { "RawRepresentationFactory", () => new() { ResponseFormat = ChatResponseFormat.Json, RawRepresentationFactory = _ => new GenerationOptions { Constraint = () => null! } } },
        { "'mood'", () => With("mood", 1) },
        { "'min_p'", () => With("min_p", "much") },
        { "'min_tokens'", () => With("min_tokens", 1.5) },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Refuses_what_it_cannot_honour_by_name(string name, Func<ChatOptions> options)
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        Assert.Contains(name, (await Assert.ThrowsAsync<NotSupportedException>(() => Ask(client, options()))).Message, StringComparison.Ordinal);
        Assert.Contains(name, (await Assert.ThrowsAsync<NotSupportedException>(() => Collect(client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], options(), Cancellation)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holds_answers_to_a_schema()
    {
        // Left alone, this model greets; the schema makes it write an object all the same.
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        JsonElement schema = Json("""{"type": "object", "properties": {"city": {"enum": ["Bern", "Basel"]}, "wet": {"type": "boolean"}}, "required": ["city", "wet"], "additionalProperties": false}""");
        for (int seed = 0; seed < 5; seed++)
        {
            JsonElement answer = Json((await Ask(client, new() { Seed = seed, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) })).Text);
            Assert.Contains(answer.GetProperty("city").GetString(), new[] { "Bern", "Basel" });
            Assert.Contains(answer.GetProperty("wet").ValueKind, new[] { JsonValueKind.True, JsonValueKind.False });
            Assert.StartsWith("{", (await Ask(client, new() { Seed = seed, MaxOutputTokens = 20, ResponseFormat = ChatResponseFormat.Json })).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Forces_a_call_where_one_is_required()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        AIFunction pick = AIFunctionFactory.Create((bool wet, DayOfWeek day) => wet, "pick");
        var names = new HashSet<string>();
        for (int seed = 0; seed < 12; seed++)
        {
            ChatResponse any = await Ask(client, new() { Seed = seed, Temperature = 1, TopP = 1, Tools = [pick, Time], ToolMode = ChatToolMode.RequireAny });
            names.Add(Assert.IsType<FunctionCallContent>(Assert.Single(any.Messages[0].Contents)).Name);
            Assert.Equal(ChatFinishReason.ToolCalls, any.FinishReason);
            ChatResponse one = await Ask(client, new() { Seed = seed, Tools = [pick, Time], ToolMode = ChatToolMode.RequireSpecific("pick") });
            FunctionCallContent call = Assert.IsType<FunctionCallContent>(Assert.Single(one.Messages[0].Contents));
            Assert.Equal("pick", call.Name);
            Assert.Contains(((JsonElement)call.Arguments!["wet"]!).ValueKind, new[] { JsonValueKind.True, JsonValueKind.False });
        }

        Assert.Equal(2, names.Count);
    }

    [Theory]
    [InlineData(WeatherCall, true)]
    [InlineData("""{"answer": "rain"}""", true)]
    [InlineData("""{"answer": 1}""", false)]
    [InlineData("""{"name": "get_wind", "parameters": {"city": "Bern"}}""", false)]
    [InlineData("""{"name": "get_weather", "parameters": {"city": 1}}""", false)]
    public void A_schema_leaves_room_for_calls(string answer, bool isAllowed)
    {
        using var scripted = new ScriptedModel(Greeting);
        Tokenizer tokenizer = scripted.Model.Tokenizer;
        // The schema refers to its own parts, which lie elsewhere once it is one choice among others.
        JsonElement schema = Json("""{"type": "object", "properties": {"answer": {"$ref": "#/$defs/word"}}, "required": ["answer"], "additionalProperties": false, "$defs": {"word": {"type": "string"}}}""");
        TokenConstraint constraint = TokenGrammar.FromJsonSchema(tokenizer, AnswerGrammars.CallSchema([Weather], schema)).Start();
        bool fits = true;
        foreach (int token in tokenizer.Encode(answer))
        {
            fits = constraint.Allows(token);
            if (!fits) break;
            constraint.Accept(token);
        }

        Assert.Equal(isAllowed, fits && constraint.IsComplete);
    }

    [Fact]
    public async Task Refuses_content_it_cannot_read()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        var message = new ChatMessage(ChatRole.User, [new TextContent("What is this?"), new DataContent(new byte[] { 1 }, "image/png")]);
        Assert.Contains("DataContent", (await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([message], cancellationToken: Cancellation))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CriaException>(() => Ask(client, new() { Temperature = -1 }));
        await Assert.ThrowsAsync<PromptTooLongException>(() => client.GetResponseAsync([new(ChatRole.User, new string('x', 5000))], cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Accepts_options_that_ask_for_nothing_special()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        var options = new ChatOptions
        {
            ModelId = "scripted",
            ResponseFormat = ChatResponseFormat.Text,
            ToolMode = ChatToolMode.Auto,
            AllowMultipleToolCalls = true,
            AllowBackgroundResponses = false,
            Reasoning = new() { Effort = ReasoningEffort.None },
            AdditionalProperties = new() { ["min_p"] = 0.1f, ["typical_p"] = 0.9, ["priority"] = 3, ["nothing"] = null },
        };
        Assert.Equal("Hello, world! 👋", (await Ask(client, options)).Text);
    }

    [Fact]
    public async Task Stops_when_it_is_cancelled()
    {
        using var scripted = new ScriptedModel(["x", "y", "x"], context: 100_000);
        using IChatClient client = scripted.Model.AsIChatClient();
        using var source = new CancellationTokenSource();
        // This model goes round in circles until it is stopped.
        var options = With("logit_bias", new Dictionary<int, float> { [scripted.Model.Tokenizer.EndOfTurn!.Value] = float.NegativeInfinity });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            int count = 0;
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], options, source.Token))
            {
                if (++count == 5) await source.CancelAsync();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync([new(ChatRole.User, "Hi")], options, source.Token));
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync([new(ChatRole.User, "Hi")], options, Cancellation)) break;
        await scripted.Model.Engine.DrainAsync();
        Assert.Equal(0, scripted.Model.Engine.Statistics.Running);
    }

    [Fact]
    public async Task Serves_many_callers_at_once()
    {
        using var scripted = new ScriptedModel(["a|b", "c|d", "e|f", "g|h", "i|j", "k|l"]);
        using IChatClient client = scripted.Model.AsIChatClient();
        string[] alone = new string[40];
        for (int i = 0; i < alone.Length; i++) alone[i] = (await Ask(client, new() { Seed = i, Temperature = 1, TopP = 1 })).Text;
        ChatResponse[] together = await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => Ask(client, new() { Seed = i, Temperature = 1, TopP = 1 }), Cancellation)));
        Assert.Equal(alone, together.Select(response => response.Text));
    }

    [Fact]
    public void Gives_its_services()
    {
        using var scripted = new ScriptedModel(Greeting);
        using IChatClient client = scripted.Model.AsIChatClient();
        Assert.Equal(("cria", "scripted"), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Same(scripted.Model, client.GetService<LanguageModel>());
        Assert.Same(scripted.Model.Engine, client.GetService<Engine>());
        Assert.Same(scripted.Model.Tokenizer, client.GetService<Tokenizer>());
        Assert.Same(scripted.Model.Template, client.GetService<ChatTemplate>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Null(client.GetService<string>());
        Assert.Null(client.GetService(typeof(LanguageModel), "key"));
    }

    [Fact]
    public async Task Asks_Llama_Guard_for_a_verdict_with_its_score()
    {
        using var scripted = new ScriptedModel(["unsafe", "\nS1,S10"]);
        var guard = new LlamaGuard(LlamaGuardVersion.Guard3, scripted.Model.Template);
        LlamaGuardVerdict verdict = await guard.ClassifyAsync(scripted.Model.Engine, scripted.Model.Tokenizer, [new ChatTurn("user", "How?")], Cancellation);
        Assert.False(verdict.IsSafe);
        Assert.Equal(["S1", "S10"], verdict.Categories);
        Assert.InRange(verdict.UnsafeProbability!.Value, 0.99, 1);
    }

    private static Task<ChatResponse> Ask(IChatClient client, ChatOptions options) => client.GetResponseAsync([new(ChatRole.User, "Hi")], options, Cancellation);

    private static ChatOptions With(string name, object value, int? maxTokens = null) => new() { Temperature = 0, MaxOutputTokens = maxTokens, AdditionalProperties = new() { [name] = value } };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static async Task<List<ChatResponseUpdate>> Collect(IAsyncEnumerable<ChatResponseUpdate> updates)
    {
        var list = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in updates) list.Add(update);
        return list;
    }
}
