using Cria.Packing;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Tests.Packing;

public sealed class PreparedCacheTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;
    private readonly List<string> warnings = [];

    private string CacheFolder => Path.Combine(folder, "cache");

    private string[] Kept => [.. Directory.GetFiles(CacheFolder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private PreparedCache Cache => new() { Folder = CacheFolder, Warning = warnings.Add };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_first_start_writes_the_file_and_the_second_uses_it()
    {
        string model = Model("Q4_0");
        Assert.True(Start(Cache, model));
        string file = Path.Combine(CacheFolder, Assert.Single(Kept));
        DateTime written = File.GetLastWriteTimeUtc(file);
        File.SetLastAccessTimeUtc(file, DateTime.UtcNow.AddDays(-3));
        Assert.True(Start(Cache, model));
        Assert.Single(Kept);
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.True(File.GetLastAccessTimeUtc(file) > DateTime.UtcNow.AddDays(-1));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Models_are_left_alone_on_levels_that_take_them_as_they_are()
    {
        Assert.False(Start(Cache, Model("Q4_0"), CpuLevel.Portable));
        Assert.False(Directory.Exists(CacheFolder));
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task Many_at_once_all_get_the_model_and_leave_one_file()
    {
        string model = Model("Q4_K_M");
        using var together = new Barrier(4);
        bool[] prepared = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait();
            return Start(Cache, model);
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(prepared, Assert.True);
        Assert.Single(Kept);
        Assert.Empty(warnings);
    }

    [Fact]
    public void What_was_not_used_for_the_longest_time_leaves_first_and_other_files_stay()
    {
        string[] models = [Model("Q4_0"), Model("Q4_K_M"), Model("Q8_0")];
        Directory.CreateDirectory(CacheFolder);
        string foreign = Path.Combine(CacheFolder, "precious.gguf"), dead = Path.Combine(CacheFolder, new string('0', 64) + ".gguf.1-aaaaaaaa.partial"), alive = Path.Combine(CacheFolder, new string('1', 64) + ".gguf.1-aaaaaaaa.partial");
        foreach (string path in (string[])[foreign, dead, alive]) File.WriteAllBytes(path, new byte[5_000_000]);
        File.SetLastWriteTimeUtc(dead, DateTime.UtcNow.AddHours(-1));
        PreparedCache cache = Cache with { LargestBytes = 3_500_000 };
        Assert.True(Start(cache, models[0]));
        string first = Name(models[0]);
        Assert.True(Start(cache, models[1]));
        File.SetLastAccessTimeUtc(Path.Combine(CacheFolder, first), DateTime.UtcNow.AddHours(-2));
        File.SetLastAccessTimeUtc(Path.Combine(CacheFolder, Name(models[1])), DateTime.UtcNow.AddHours(-1));
        Assert.True(Start(cache, models[0]));
        Assert.True(Start(cache, models[2]));
        Assert.Equal(((string[])[first, Name(models[2]), Path.GetFileName(foreign), Path.GetFileName(alive)]).Order(StringComparer.Ordinal), Kept);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-1)]
    [InlineData(-500_000)]
    public void A_file_cut_anywhere_is_made_again(int cut)
    {
        string model = Model("Q4_0");
        Assert.True(Start(Cache, model));
        string file = Path.Combine(CacheFolder, Assert.Single(Kept));
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, cut < 0 ? whole[..^-cut] : whole[..cut]);
        Assert.True(Start(Cache, model));
        Assert.Equal(whole, File.ReadAllBytes(file));
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_folder_that_takes_nothing_costs_one_line_and_the_model_runs_from_its_own_file()
    {
        File.WriteAllText(CacheFolder, "a file where the folder should be");
        Assert.False(Start(Cache, Model("Q4_0")));
        Assert.Contains("cannot be made", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.DoesNotContain(warnings[0], char.IsControl);
        warnings.Clear();
        Assert.False(Start(Cache with { Folder = Path.Combine(folder, "other"), LargestBytes = 1000 }, Model("Q4_0")));
        Assert.Contains("--cache-size", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder, "other")));
    }

    [Fact]
    public void Writing_that_is_stopped_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        PreparedCache cache = Cache with { Progress = new Stops(stop) };
        using ITensorSource source = ModelSource.Open(Model("Q4_0"));
        Assert.Throws<OperationCanceledException>(() => cache.Prepare(source, CpuLevel.Avx2, stop.Token));
        Assert.Empty(Kept);
    }

    [Fact]
    public void Models_of_one_shape_and_time_are_told_apart_by_their_weights_and_levels_by_their_names()
    {
        string model = Model("Q4_0"), other = Path.Combine(folder, "other.gguf");
        byte[] bytes = File.ReadAllBytes(model);
        for (int i = bytes.Length / 2; i < bytes.Length; i++) bytes[i] ^= 1;
        File.WriteAllBytes(other, bytes);
        DateTime time = DateTime.UtcNow.AddDays(-1);
        File.SetLastWriteTimeUtc(model, time);
        File.SetLastWriteTimeUtc(other, time);
        Assert.NotEqual(Name(model), Name(other));
        using GgufReader source = GgufReader.Open(model);
        Assert.NotEqual(PreparedKey.Of(source, CpuLevel.Avx2), PreparedKey.Of(source, CpuLevel.Vnni));
        File.WriteAllBytes(other, File.ReadAllBytes(model));
        File.SetLastWriteTimeUtc(other, time);
        Assert.Equal(Name(model), Name(other));
        File.SetLastWriteTimeUtc(other, time.AddSeconds(1));
        Assert.NotEqual(Name(model), Name(other));
    }

    /// <summary>True when the model was used as the cache holds it; its rows are the plain ones either way.</summary>
    private static bool Start(PreparedCache cache, string path, CpuLevel level = CpuLevel.Avx2)
    {
        using GgufReader plain = GgufReader.Open(path);
        using ITensorSource used = cache.Prepare(GgufReader.Open(path), level, TestContext.Current.CancellationToken);
        Assert.Equal(path, used.Path);
        foreach (TensorInfo tensor in plain.Tensors) Assert.True(plain.View(tensor).RowRange(0, tensor.Rows).SequenceEqual(used.View(tensor).RowRange(0, tensor.Rows)), tensor.Name);
        return used.Tensors.Any(tensor => used.View(tensor).IsInterleaved);
    }

    private static string Name(string model)
    {
        using GgufReader source = GgufReader.Open(model);
        return PreparedKey.Of(source, CpuLevel.Avx2) + ".gguf";
    }

    private string Model(string type)
    {
        string path = Path.Combine(folder, type + ".gguf");
        if (!File.Exists(path)) File.Copy(NanoGoldens.GgufPath(type), path);
        return path;
    }

    private sealed class Stops(CancellationTokenSource source) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => source.Cancel();
    }
}
