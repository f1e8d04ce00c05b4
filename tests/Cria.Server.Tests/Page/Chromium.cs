using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Cria.Server.Tests.Page.Chromium))]

namespace Cria.Server.Tests.Page;

/// <summary>The system's Chromium, started once for all tests of the page. Nothing is downloaded.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private readonly SemaphoreSlim gate = new(1);
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>The browser; skips the calling test where there is none, which continuous integration does not allow.</summary>
    public async Task<IBrowser> Start()
    {
        string? path = Places.FirstOrDefault(File.Exists);
        if (path is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new FileNotFoundException("Chromium must be installed on CI");
        Assert.SkipWhen(path is null, "Chromium is not installed (apt-get install chromium)");
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            playwright ??= await Playwright.CreateAsync();
            // A busy machine is no failure.
            Assertions.SetDefaultExpectTimeout(20_000);
            return browser ??= await playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = path,
                // Chromium's own sandbox refuses to run as root, as containers do; the only pages opened are ours.
                Args = ["--no-sandbox", "--disable-dev-shm-usage"],
            });
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        gate.Dispose();
    }
}
