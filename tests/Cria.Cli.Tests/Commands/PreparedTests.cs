using System.Runtime.Intrinsics.X86;
using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class PreparedTests(TinyModel tiny)
{
    private static readonly string[] Ask = ["--raw", "--temp", "0", "-n", "8", "Hello"];

    private static string Model => NanoGoldens.GgufPath("Q4_K_M");

    private string NewFolder() => Directory.CreateDirectory(Path.Combine(tiny.Folder, "prepared-" + Guid.NewGuid().ToString("N"))).FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Packs_answers_shows_and_unpacks(bool only)
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "packed"), parts = Path.Combine(folder, "parts");
        string[] more = only ? ["--only-prepared"] : [];
        (await CriaProcess.Run(["pack", "-m", Model, "-o", packed, "--runtime", "linux-x64=" + FakePrograms.For(folder, "linux-x64"), "--prepared", "avx2", .. more])).Succeeded();
        string expected = (await CriaProcess.Run(["run", "-m", Model, .. Ask])).Succeeded();
        Assert.Equal(expected, (await CriaProcess.Run(["run", "-m", packed, .. Ask])).Succeeded());
        Assert.Equal(expected, (await Run([("CRIA_CPU", "portable")], ["run", "-m", packed, .. Ask])).Succeeded());
        string page = (await CriaProcess.Run("inspect", packed)).Succeeded();
        Assert.Matches("prepared for +avx2", page);
        Assert.Equal(only, page.Contains("the CPU level avx2; every other reads it too", StringComparison.Ordinal));
        Assert.Contains("\"preparedFor\"", (await CriaProcess.Run("inspect", packed, "--json")).Succeeded(), StringComparison.Ordinal);
        (await CriaProcess.Run("unpack", packed, "-o", parts)).Succeeded();
        Assert.Equal(File.ReadAllBytes(Model), File.ReadAllBytes(Path.Combine(parts, Path.GetFileName(Model))));
    }

    [Fact]
    public async Task Two_first_starts_at_once_with_a_cache_both_answer()
    {
        string folder = NewFolder();
        string expected = (await CriaProcess.Run(["run", "-m", Model, .. Ask])).Succeeded();
        foreach (CriaProcess.Result result in await Task.WhenAll(Cached(), Cached())) Assert.Equal(expected, result.Succeeded());
        CriaProcess.Result later = await Cached();
        Assert.Equal(expected, later.Succeeded());
        Assert.Empty(later.Error);
        // Processors that take weights as they are stored keep none.
        string cache = Path.Combine(folder, "cria", "prepared");
        if (Directory.Exists(cache)) Assert.EndsWith(".gguf", Assert.Single(Directory.GetFiles(cache)), StringComparison.Ordinal);
        (await Run([("XDG_CACHE_HOME", folder)], ["bench", "-m", Model, "-p", "0", "-n", "2", "-r", "1", "-t", "1", "--cache"])).Succeeded();

        Task<CriaProcess.Result> Cached() => Run([("XDG_CACHE_HOME", folder)], ["run", "-m", Model, "--cache", .. Ask]);
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_costs_one_line()
    {
        string file = Path.Combine(NewFolder(), "file");
        File.WriteAllText(file, "");
        // Elsewhere this level wants weights as they are stored, and there is nothing to keep.
        bool isWanted = Avx2.IsSupported;
        CriaProcess.Result result = await Run([("XDG_CACHE_HOME", file), ("CRIA_CPU", Avx2.IsSupported ? "avx2" : "portable")], ["run", "-m", Model, "--cache", .. Ask]);
        Assert.Equal((await CriaProcess.Run(["run", "-m", Model, .. Ask])).Succeeded(), result.Succeeded());
        if (!isWanted) Assert.Empty(result.Error);
        else Assert.StartsWith("cria: the cache of prepared models is not used: ", Assert.Single(result.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_in_one_line_what_does_not_go_together()
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "packed");
        string[] pack = ["pack", "-o", packed, "--runtime", "linux-x64=" + FakePrograms.For(folder, "linux-x64")];
        Assert.Contains("nothing to prepare", (await CriaProcess.Run([.. pack, "-m", Model, "--prepared", "portable"])).Failed(), StringComparison.Ordinal);
        Assert.Contains("no CPU level", (await CriaProcess.Run([.. pack, "-m", Model, "--prepared", "sse9"])).Failed(), StringComparison.Ordinal);
        Assert.Contains("--only-prepared goes with --prepared", (await CriaProcess.Run([.. pack, "-m", Model, "--only-prepared"])).Refused(), StringComparison.Ordinal);
        Assert.Contains("leave out --beside or --prepared", (await CriaProcess.Run([.. pack, "-m", Model, "--beside", "--prepared", "avx2"])).Refused(), StringComparison.Ordinal);
        Assert.Contains("--cache-size goes with --cache", (await CriaProcess.Run(["run", "-m", Model, "--cache-size", "5G", .. Ask])).Refused(), StringComparison.Ordinal);
        Assert.Contains("--cache-size wants a number of bytes such as 5G or 500M, not 'much'", (await CriaProcess.Run(["run", "-m", Model, "--cache", "--cache-size", "much", .. Ask])).Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists(packed));
    }

    private static Task<CriaProcess.Result> Run((string, string)[] environment, string[] arguments)
    {
        System.Diagnostics.Process process = CriaProcess.Start(environment, arguments);
        process.StandardInput.Close();
        return CriaProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }
}
