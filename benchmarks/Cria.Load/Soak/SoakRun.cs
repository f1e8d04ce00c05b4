using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cria.Load.Soak;

/// <summary>
/// Many clients at once: streamed and whole answers, several at a time, answers to a schema, conversations that go on; a tenth leave midway, and hostile ones are among them.
/// Equal requests must get equal answers whatever else runs.
/// </summary>
internal sealed class SoakRun(Api api, int processId, int requests, int clients)
{
    private const int Kinds = 400, Rows = 10;
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":10},"age":{"type":"integer","minimum":0,"maximum":150}},"required":["name","age"],"additionalProperties":false}""";

    private readonly ServerProcess process = new(processId);
    private readonly ConcurrentDictionary<int, string> texts = new();
    private readonly ConcurrentQueue<string> errors = new();
    private int begun, done, left;
    private long tokens;

    /// <summary>Runs; 0 when nothing went wrong.</summary>
    public async Task<int> RunAsync()
    {
        Console.WriteLine("| requests | seconds | own memory, MiB | of it keys and values | managed heap | threads | handles |\n|---:|---:|---:|---:|---:|---:|---:|");
        long start = Stopwatch.GetTimestamp();
        using var end = new CancellationTokenSource();
        Hostility[] hostile = [.. Enumerable.Range(0, 4).Select(_ => new Hostility(api))];
        Task[] attacks = [.. hostile.Select(one => one.RunAsync(errors.Enqueue, end.Token))];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ClientAsync(start))).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(attacks).ConfigureAwait(false);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{done} requests of {clients} clients in {seconds:F0} s, {tokens / seconds:F0} tokens/s; {left} left midway; {texts.Count} kinds of request, equal ones with equal answers; {errors.Count} errors."));
        Console.WriteLine("Meanwhile, and refused: " + string.Join(", ", hostile.SelectMany(one => one.Counts).GroupBy(count => count.Key).Select(group => $"{group.Key} ({group.Sum(count => count.Value)})")) + ".");
        foreach (IGrouping<string, string> error in errors.GroupBy(error => error).Take(20)) Console.WriteLine($"- {error.Count()} × {error.Key}");
        return errors.IsEmpty ? 0 : 1;
    }

    private async Task ClientAsync(long start)
    {
        int number;
        while ((number = Interlocked.Increment(ref begun)) <= requests)
        {
            try
            {
                await OneAsync(number).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                errors.Enqueue($"{failure.GetType().Name}: {failure.Message}");
            }
            int finished = Interlocked.Increment(ref done);
            if (finished % Math.Max(1, requests / Rows) == 0)
            {
                double[] held = await api.MetricsAsync("cria_kv_cache_bytes", "cria_managed_committed_bytes").ConfigureAwait(false);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {finished} | {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} | {process.OwnMemory:F0} | {held[0] / (1 << 20):F0} | {held[1] / (1 << 20):F0} | {process.Threads} | {process.Handles} |"));
            }
        }
    }

    private async Task OneAsync(int number)
    {
        int kind = (int)((uint)(number * 2654435761) % Kinds);
        JsonObject request = Request(kind);
        bool hasSchema = request.ContainsKey("response_format");
        Api.Answer? answer;
        if (number % 10 == 0)
        {
            // Some leave before the first word, others in the middle.
            Interlocked.Increment(ref left);
            if (number % 40 != 0)
            {
                await api.StreamAsync(request, leaveAfter: number / 10 % 7).ConfigureAwait(false);
                return;
            }
            using var impatience = new CancellationTokenSource(number % 97);
            try
            {
                await api.AskAsync(request, impatience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
            }
            return;
        }
        answer = number % 3 != 0 && !request.ContainsKey("n") ? await api.StreamAsync(request).ConfigureAwait(false) : await api.AskAsync(request).ConfigureAwait(false);
        Interlocked.Add(ref tokens, answer!.AnswerTokens);
        string first = texts.GetOrAdd(kind, answer.Text);
        if (first != answer.Text) throw new InvalidDataException($"two answers to one request: '{first}' and '{answer.Text}'");
        if (hasSchema) JsonDocument.Parse(answer.Text).Dispose();
    }

    /// <summary>The request of a kind, always the same.</summary>
    private static JsonObject Request(int kind)
    {
        var random = new Random(kind);
        string[] names = ["Tom", "Anna", "Ben", "Lily"], questions = ["What is 3 + 4?", "Tell me a story about a dog.", "Hello, how are you?", "What is the opposite of hot?", "Spell the word river."];
        JsonObject request = Api.Request($"I am {names[random.Next(names.Length)]}, number {kind}. {questions[random.Next(questions.Length)]}", random.Next(4, 60));
        request["seed"] = kind;
        request["temperature"] = random.Next(3) * 0.5;
        var messages = (JsonArray)request["messages"]!;
        for (int turn = random.Next(4); turn > 0; turn--)
        {
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = "Yes, of course." });
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = questions[random.Next(questions.Length)] });
        }
        if (kind % 11 == 0) request["n"] = 2 + (kind % 2);
        if (kind % 7 == 0 && kind % 11 != 0)
        {
            request["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "person", ["schema"] = JsonNode.Parse(Schema) } };
            request["max_tokens"] = 150;
        }
        if (kind % 5 == 0 && !request.ContainsKey("response_format")) request["stop"] = ".";
        return request;
    }
}
