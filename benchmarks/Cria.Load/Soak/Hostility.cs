using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cria.Load.Soak;

/// <summary>Clients that do what they should not. Each is refused in the right way, or says what came instead.</summary>
internal sealed class Hostility(Api api)
{
    private const int TooManyBytes = 40 << 20;
    private readonly (string Name, Func<CancellationToken, Task<string?>> Try)[] attacks = Attacks(api);

    /// <summary>How often each was tried.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>Tries one after another until cancelled; failures go to <paramref name="report"/>.</summary>
    public async Task RunAsync(Action<string> report, CancellationToken cancellationToken)
    {
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            (string name, Func<CancellationToken, Task<string?>> attack) = attacks[i % attacks.Length];
            try
            {
                if (await attack(cancellationToken).ConfigureAwait(false) is { } failure) report($"{name}: {failure}");
                Counts[name] = Counts.GetValueOrDefault(name) + 1;
                await Task.Delay(50, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                report($"{name}: {failure.Message}");
            }
        }
    }

    private static (string, Func<CancellationToken, Task<string?>>)[] Attacks(Api api)
    {
        return
        [
            ("a body too large, its length told", cancel => Expect(413, Json(new byte[TooManyBytes]), api.Key, cancel)),
            ("a body too large, in chunks", cancel => Expect(413, new StreamContent(new MemoryStream(new byte[TooManyBytes])) { Headers = { { "Content-Type", "application/json" }, { "Content-Length", [] } } }, api.Key, cancel)),
            ("broken JSON", cancel => Expect(400, Json("{\"messages\":[{\"role\":\"user\","u8.ToArray()), api.Key, cancel)),
            ("deep JSON", cancel => Expect(400, Json(Encoding.UTF8.GetBytes(new string('[', 100_000))), api.Key, cancel)),
            ("bad UTF-8", cancel => Expect(400, Json([.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xC3, 0x28, 0xFF, .. "\"}]}"u8]), api.Key, cancel)),
            ("a wrong key", cancel => Expect(401, Json("{\"messages\":[]}"u8.ToArray()), "wrong", cancel)),
            ("no JSON", cancel => Expect(415, new StringContent("Hello"), api.Key, cancel)),
            ("wrong types", cancel => Expect(400, Json("{\"messages\":7}"u8.ToArray()), api.Key, cancel)),
            ("a prompt too long", cancel => Expect(400, Json(Encoding.UTF8.GetBytes(Api.Request(new string('a', 100_000), 5).ToJsonString())), api.Key, cancel)),
            ("a body that never ends", cancel => NeverEnds(api, cancel)),
            ("an answer that nobody reads", cancel => NobodyReads(api, cancel)),
            ("no HTTP", cancel => NoHttp(api, cancel)),
        ];

        async Task<string?> Expect(int status, HttpContent body, string? key, CancellationToken cancellationToken)
        {
            try
            {
                HttpStatusCode got = await api.PostAsync(body, key, cancellationToken).ConfigureAwait(false);
                return (int)got == status ? null : $"status {(int)got} instead of {status}";
            }
            catch (HttpRequestException failure) when (status == 413 && failure.InnerException is IOException or SocketException)
            {
                // The server stops listening to what it will not take, and says so to whom still listens.
                return null;
            }
        }
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { { "Content-Type", "application/json" } } };

    /// <summary>One byte a second; the server must end it.</summary>
    private static async Task<string?> NeverEnds(Api api, CancellationToken cancellationToken)
    {
        using TcpClient client = await ConnectAsync(api, cancellationToken).ConfigureAwait(false);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Head(api, 1000), cancellationToken).ConfigureAwait(false);
        var answer = new byte[4096];
        Task<int> reading = stream.ReadAsync(answer, cancellationToken).AsTask();
        for (int second = 0; second < 30; second++)
        {
            if (await Task.WhenAny(reading, Task.Delay(1000, cancellationToken)).ConfigureAwait(false) == reading)
            {
                int count = await reading.ConfigureAwait(false);
                return count == 0 || Encoding.ASCII.GetString(answer, 0, count).StartsWith("HTTP/1.1 408", StringComparison.Ordinal) ? null : "an answer other than 408";
            }
            await stream.WriteAsync(" "u8.ToArray(), cancellationToken).ConfigureAwait(false);
        }
        return "still listened to after 30 s";
    }

    private static async Task<string?> NobodyReads(Api api, CancellationToken cancellationToken)
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":"Tell me a long story."}],"stream":true,"max_tokens":200}""");
        using TcpClient client = await ConnectAsync(api, cancellationToken).ConfigureAwait(false);
        client.ReceiveBufferSize = 1024;
        await client.GetStream().WriteAsync(Head(api, body.Length), cancellationToken).ConfigureAwait(false);
        await client.GetStream().WriteAsync(body, cancellationToken).ConfigureAwait(false);
        await Task.Delay(500, cancellationToken).ConfigureAwait(false);
        // Gone without a goodbye.
        client.LingerState = new LingerOption(true, 0);
        return null;
    }

    private static async Task<string?> NoHttp(Api api, CancellationToken cancellationToken)
    {
        using TcpClient client = await ConnectAsync(api, cancellationToken).ConfigureAwait(false);
        await client.GetStream().WriteAsync("\u0016\u0003\u0001 hello, is this HTTP?\r\n\r\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var answer = new byte[256];
        int count = await client.GetStream().ReadAsync(answer, cancellationToken).ConfigureAwait(false);
        return count == 0 || Encoding.ASCII.GetString(answer, 0, count).StartsWith("HTTP/1.1 400", StringComparison.Ordinal) ? null : "an answer other than 400";
    }

    private static async Task<TcpClient> ConnectAsync(Api api, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        await client.ConnectAsync(api.Address.Host, api.Address.Port, cancellationToken).ConfigureAwait(false);
        return client;
    }

    private static byte[] Head(Api api, int length) =>
        Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: {api.Address.Authority}\r\nAuthorization: Bearer {api.Key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
}
