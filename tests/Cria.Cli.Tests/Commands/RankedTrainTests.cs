using System.Diagnostics;
using System.Globalization;

namespace Cria.Cli.Tests.Commands;

/// <summary><c>cria train</c> as several processes under a real <c>mpirun</c>.</summary>
public class RankedTrainTests(TinyModel model)
{
    private static readonly string? Mpirun = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists);

    [Fact]
    public async Task Two_processes_learn_what_one_learns_and_one_goes_on_for_them()
    {
        Assert.SkipUnless(Mpirun is not null, "mpirun is not installed (Debian: openmpi-bin libopenmpi3)");
        string alone = Path.Combine(model.Folder, "alone"), shared = Path.Combine(model.Folder, "shared");
        string[] flags = Flags("ranks.jsonl");
        (await CriaProcess.Run(["train", .. flags, "--steps", "12", "-o", alone])).Succeeded();
        string said = (await Run(2, ["train", .. flags, "--steps", "8", "-o", shared, "--ring", "2", "--save-every", "4"])).Succeeded();
        // Only the first rank speaks.
        Assert.Contains("8 steps done", Assert.Single(said.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        (await CriaProcess.Run(["train", .. flags, "--steps", "12", "-o", shared, "--resume"])).Succeeded();
        double[] wanted = Losses(alone), found = Losses(shared);
        Assert.Equal(12, found.Length);
        Assert.All(wanted.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 2e-5 * pair.First));
    }

    [Fact]
    public async Task Four_processes_in_two_rings_learn_the_same()
    {
        Assert.SkipUnless(Mpirun is not null, "mpirun is not installed (Debian: openmpi-bin libopenmpi3)");
        string alone = Path.Combine(model.Folder, "alone4"), shared = Path.Combine(model.Folder, "shared4");
        string[] flags = Flags("ranks4.jsonl");
        (await CriaProcess.Run(["train", .. flags, "--steps", "5", "-o", alone])).Succeeded();
        (await Run(4, ["train", .. flags, "--steps", "5", "-o", shared, "--ring", "2", "--replicas", "2"])).Succeeded();
        Assert.All(Losses(alone).Zip(Losses(shared)), pair => Assert.Equal(pair.First, pair.Second, 2e-5 * pair.First));
    }

    [Fact]
    public async Task A_killed_rank_ends_the_run_with_a_clear_line_and_a_checkpoint_to_go_on_from()
    {
        Assert.SkipUnless(Mpirun is not null, "mpirun is not installed (Debian: openmpi-bin libopenmpi3)");
        string folder = Path.Combine(model.Folder, "dies"), checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        string[] flags = Flags("dies.jsonl");
        using Process run = Start(2, ["train", .. flags, "--steps", "100000", "-o", folder, "--save-every", "5"]);
        Task<string> output = run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var patience = Stopwatch.StartNew();
        while (!File.Exists(checkpoint) && !run.HasExited && patience.Elapsed < TimeSpan.FromSeconds(60)) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(checkpoint), "no checkpoint was written");
        Process.GetProcessById(Rank(run.Id, 1)).Kill();
        CriaProcess.Result result = await CriaProcess.Finish(run, output, error);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("cria: the run was ended from outside, as when another rank dies; go on from the last checkpoint with --resume", result.Error, StringComparison.Ordinal);
        int done = File.ReadAllLines(Path.Combine(folder, "log.csv")).Length - 1;
        string said = (await CriaProcess.Run(["train", .. flags, "--steps", $"{done + 5}", "-o", folder, "--resume"])).Succeeded();
        Assert.StartsWith($"{done + 5} steps done", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ranks_that_differ_in_an_option_are_told_so()
    {
        Assert.SkipUnless(Mpirun is not null, "mpirun is not installed (Debian: openmpi-bin libopenmpi3)");
        string folder = Path.Combine(model.Folder, "differs");
        string[] flags = ["train", .. Flags("differs.jsonl"), "--steps", "3", "-o", folder];
        string[] program = Program();
        using Process run = Process.Start(Information(["-np", "1", .. program, .. flags, "--learning-rate", "1e-3", ":", "-np", "1", .. program, .. flags, "--learning-rate", "1e-4"]))!;
        CriaProcess.Result result = await CriaProcess.Finish(run, run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("cria: rank 1 has another set of options than rank 0", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Ranks_that_nobody_started_are_asked_for()
    {
        string folder = Path.Combine(model.Folder, "nobody");
        string line = (await CriaProcess.Run(["train", .. Flags("nobody.jsonl"), "-o", folder, "--ring", "2", "--replicas", "2"])).Failed();
        Assert.Contains("mpirun -np 4", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private string[] Flags(string name)
    {
        string data = Path.Combine(model.Folder, name);
        File.WriteAllLines(data, Enumerable.Range(0, 60).Select(i => $$"""{"text": "the number {{i}} and the next one, which is {{i + 1}}, and so on to the end of this line"}"""));
        return ["-m", model.Path, "-d", data, "--length", "90", "--batch", "2", "-t", "1", "--seed", "3", "--schedule", "constant"];
    }

    private static double[] Losses(string folder) => [.. File.ReadLines(Path.Combine(folder, "log.csv")).Skip(1).Select(line => double.Parse(line.Split(',')[2], CultureInfo.InvariantCulture))];

    private static async Task<CriaProcess.Result> Run(int ranks, string[] arguments)
    {
        using Process process = Start(ranks, arguments);
        return await CriaProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static Process Start(int ranks, string[] arguments) => Process.Start(Information(["-np", $"{ranks}", .. Program(), .. arguments]))!;

    private static string[] Program() => ["dotnet", Path.Combine(AppContext.BaseDirectory, "Cria.Cli.dll")];

    private static ProcessStartInfo Information(string[] arguments)
    {
        var start = new ProcessStartInfo(Mpirun!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // One machine, however few its cores, and no network.
        foreach (string argument in (string[])["--allow-run-as-root", "--oversubscribe", "--mca", "btl", "self,vader", "--mca", "plm", "isolated", .. arguments]) start.ArgumentList.Add(argument);
        start.Environment.Remove("CRIA_DEBUG");
        start.Environment.Remove("CRIA_CPU");
        return start;
    }

    /// <summary>The process of a rank below mpirun, by what Open MPI tells it.</summary>
    private static int Rank(int mpirun, int rank)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)) continue;
            try
            {
                if (!File.ReadAllText(Path.Combine(folder, "stat")).Contains($") S {mpirun} ", StringComparison.Ordinal) && !File.ReadAllText(Path.Combine(folder, "stat")).Contains($") R {mpirun} ", StringComparison.Ordinal)) continue;
                if (File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains($"OMPI_COMM_WORLD_RANK={rank}")) return id;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }
        throw new InvalidOperationException($"mpirun {mpirun} has no rank {rank}");
    }
}
