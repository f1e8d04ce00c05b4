using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Cria.Cli.Tests.Deployment;

/// <summary>Two <c>cria serve</c> on free ports behind a real nginx that runs <c>deploy/nginx.conf</c>, its ports replaced. The model's name tells the replicas apart.</summary>
internal sealed class Replicas : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"];
    private readonly List<Process> processes = [];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cria-nginx-");

    /// <summary>The names of the replicas, in their order.</summary>
    public static IReadOnlyList<string> Names { get; } = ["replica-a", "replica-b"];

    /// <summary>Speaks to nginx.</summary>
    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Starts all three; skips the calling test where there is no nginx, which continuous integration does not allow.</summary>
    public static async Task<Replicas> Start()
    {
        string? nginx = Places.FirstOrDefault(File.Exists);
        if (nginx is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new FileNotFoundException("nginx must be installed on CI");
        Assert.SkipWhen(nginx is null, "nginx is not installed (apt-get install nginx-light)");
        var replicas = new Replicas();
        try
        {
            await replicas.StartAll(nginx!);
            return replicas;
        }
        catch
        {
            await replicas.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends a replica at once, as a crash would.</summary>
    public async Task Kill(string name)
    {
        Process process = processes[Names.ToList().IndexOf(name)];
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
        Client.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task StartAll(string nginx)
    {
        foreach (string name in Names) processes.Add(CriaProcess.Start("serve", "--port", "0", "--alias", name, "--no-browser"));
        var addresses = new List<Uri>();
        foreach (Process process in processes)
        {
            string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            addresses.Add(new Uri(line));
        }
        int port = FreePort();
        string shipped = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "deploy", "nginx.conf"), TestContext.Current.CancellationToken);
        string site = Replace(Replace(Replace(shipped, "127.0.0.1:8001", addresses[0].Authority), "127.0.0.1:8002", addresses[1].Authority), "listen 8080;", $"listen 127.0.0.1:{port};");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "site.conf"), site, TestContext.Current.CancellationToken);
        // Only what the distribution's own nginx.conf would hold; everything is written below the folder.
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "main.conf"), """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr crit;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                include site.conf;
            }
            """, TestContext.Current.CancellationToken);
        processes.Add(Process.Start(new ProcessStartInfo(nginx, ["-p", folder.FullName, "-c", "main.conf", "-e", "stderr"]))!);
        Client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        await Ready(processes[^1]);
    }

    private async Task Ready(Process nginx)
    {
        for (int attempt = 0; ; attempt++)
        {
            Assert.False(nginx.HasExited, "nginx refused the configuration");
            try
            {
                using HttpResponseMessage response = await Client.GetAsync("/health", TestContext.Current.CancellationToken);
                response.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (attempt < 200)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private static string Replace(string text, string old, string with)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, with, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
