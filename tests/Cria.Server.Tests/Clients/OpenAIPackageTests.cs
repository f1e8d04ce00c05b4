using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using Cria.Server.Tests.Page;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

#pragma warning disable OPENAI001 // The client marks seeds as experimental.

namespace Cria.Server.Tests.Clients;

/// <summary>OpenAI's own client for .NET speaks with the server.</summary>
public class OpenAIPackageTests(PageServer server)
{
    private const string WeatherParameters = """{"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":7}},"required":["city","days"],"additionalProperties":false}""";
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("get_weather", "The weather of a city.", BinaryData.FromString(WeatherParameters));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chats()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Hello, who are you?")], new() { MaxOutputTokenCount = 20, Temperature = 0 }, Cancellation);
        Assert.NotEmpty(Assert.Single(answer.Content).Text);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.Equal(server.ModelName, answer.Model);
        Assert.True(answer.FinishReason is ChatFinishReason.Stop or ChatFinishReason.Length);
        Assert.InRange(answer.Usage.OutputTokenCount, 1, 20);
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
        Assert.Equal(DateTimeOffset.UtcNow, answer.CreatedAt, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Streams_the_text_it_would_send_whole()
    {
        ChatMessage[] messages = [new UserChatMessage("Tell me a story about a dog.")];
        ChatCompletionOptions Options() => new() { MaxOutputTokenCount = 40, Temperature = 0.7f, Seed = 5 };
        ChatCompletion whole = await Chat().CompleteChatAsync(messages, Options(), Cancellation);
        var text = new StringBuilder();
        int pieces = 0;
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;
        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync(messages, Options(), Cancellation))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate) text.Append(part.Text);
            pieces += update.ContentUpdate.Count;
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }
        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.True(pieces > 5, $"{pieces} pieces");
        Assert.Equal(whole.FinishReason, finish);
        Assert.Equal(whole.Usage.OutputTokenCount, usage?.OutputTokenCount);
    }

    [Fact]
    public async Task Calls_a_tool_and_takes_its_result()
    {
        var messages = new List<ChatMessage> { new UserChatMessage("What is the weather in Paris?") };
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 200, Seed = 1, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false };
        ChatCompletion answer = await Chat().CompleteChatAsync(messages, options, Cancellation);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.FinishReason);
        ChatToolCall call = Assert.Single(answer.ToolCalls);
        Assert.Equal("get_weather", call.FunctionName);
        AssertWeather(call.FunctionArguments.ToString());

        messages.Add(new AssistantChatMessage(answer));
        messages.Add(new ToolChatMessage(call.Id, """{"sky":"clear"}"""));
        ChatCompletion end = await Chat().CompleteChatAsync(messages, new() { MaxOutputTokenCount = 10, Tools = { Weather } }, Cancellation);
        Assert.True(end.Usage.InputTokenCount > answer.Usage.InputTokenCount);
    }

    [Fact]
    public async Task Streams_a_tool_call()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 200, Seed = 1, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateFunctionChoice("get_weather"), AllowParallelToolCalls = false };
        var arguments = new StringBuilder();
        string? name = null, id = null;
        ChatFinishReason? finish = null;
        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync([new UserChatMessage("What is the weather in Paris?")], options, Cancellation))
        {
            foreach (StreamingChatToolCallUpdate part in update.ToolCallUpdates)
            {
                Assert.Equal(0, part.Index);
                name ??= part.FunctionName;
                id ??= part.ToolCallId;
                arguments.Append(part.FunctionArgumentsUpdate);
            }
            finish = update.FinishReason ?? finish;
        }
        Assert.Equal("get_weather", name);
        Assert.False(string.IsNullOrEmpty(id));
        AssertWeather(arguments.ToString());
        Assert.Equal(ChatFinishReason.ToolCalls, finish);
    }

    [Fact]
    public async Task Answers_in_the_structure_asked_for()
    {
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 200,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("weather", BinaryData.FromString(WeatherParameters), jsonSchemaIsStrict: true),
        };
        ChatCompletion answer = await Chat().CompleteChatAsync([new UserChatMessage("The weather in Oslo for two days.")], options, Cancellation);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        AssertWeather(answer.Content[0].Text);
    }

    [Fact]
    public async Task Tells_the_probabilities_of_tokens()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync([new UserChatMessage("Hello")], new() { MaxOutputTokenCount = 6, Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 }, Cancellation);
        Assert.NotEmpty(answer.ContentTokenLogProbabilities);
        Assert.All(answer.ContentTokenLogProbabilities, token =>
        {
            Assert.Equal(3, token.TopLogProbabilities.Count);
            // The most probable token was chosen.
            Assert.Equal(token.TopLogProbabilities[0].LogProbability, token.LogProbability);
            Assert.Equal(token.TopLogProbabilities.OrderByDescending(other => other.LogProbability), token.TopLogProbabilities);
        });
        Assert.StartsWith(answer.Content[0].Text, string.Concat(answer.ContentTokenLogProbabilities.Select(token => token.Token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeds_texts()
    {
        var client = new EmbeddingClient(server.ModelName, new ApiKeyCredential("none"), Options());
        OpenAIEmbeddingCollection vectors = await client.GenerateEmbeddingsAsync(["The dog runs.", "The dog is running.", "Seven plus two."], cancellationToken: Cancellation);
        Assert.Equal(3, vectors.Count);
        float[][] values = [.. vectors.Select(vector => vector.ToFloats().ToArray())];
        Assert.All(values, value => Assert.Equal(1, Product(value, value), 1e-4));
        Assert.True(Product(values[0], values[1]) > Product(values[0], values[2]));
        Assert.True(vectors.Usage.InputTokenCount > 6);

        static float Product(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
    }

    [Fact]
    public async Task Lists_the_model()
    {
        OpenAIModelCollection models = await new OpenAIModelClient(new ApiKeyCredential("none"), Options()).GetModelsAsync(Cancellation);
        Assert.Equal(server.ModelName, Assert.Single(models).Id);
    }

    [Fact]
    public async Task Errors_arrive_with_their_status_and_words()
    {
        ClientResultException unknown = await Assert.ThrowsAsync<ClientResultException>(() => Chat("gpt-9").CompleteChatAsync([new UserChatMessage("Hello")], cancellationToken: Cancellation));
        Assert.Equal(404, unknown.Status);
        Assert.Contains("gpt-9", unknown.Message, StringComparison.Ordinal);
        ClientResultException tooLong = await Assert.ThrowsAsync<ClientResultException>(() => Chat().CompleteChatAsync([new UserChatMessage(string.Concat(Enumerable.Repeat("word ", 20_000)))], cancellationToken: Cancellation));
        Assert.Equal(400, tooLong.Status);
        Assert.Contains("context_length_exceeded", tooLong.Message, StringComparison.Ordinal);
    }

    private static void AssertWeather(string json)
    {
        using JsonDocument weather = JsonDocument.Parse(json);
        Assert.Equal(["city", "days"], weather.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(JsonValueKind.String, weather.RootElement.GetProperty("city").ValueKind);
        Assert.InRange(weather.RootElement.GetProperty("days").GetInt32(), 1, 7);
    }

    private ChatClient Chat(string? model = null) => new(model ?? server.ModelName, new ApiKeyCredential("none"), Options());

    private OpenAIClientOptions Options() => new() { Endpoint = new Uri(server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0), NetworkTimeout = TimeSpan.FromSeconds(60) };
}
