using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors.Formats;

namespace Cria.Tests.Packing.OneFile;

/// <summary>Files for several systems, started by real shells. The program inside is <c>env</c>, which shows what it was given.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LauncherTests : IDisposable
{
    private static readonly string[] Shells = ["bash", "dash", "zsh"];
    private readonly string folder = Directory.CreateTempSubdirectory("cria-launch-").FullName;

    public void Dispose()
    {
        foreach (string path in Directory.GetDirectories(folder, "*", SearchOption.AllDirectories)) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Delete(folder, recursive: true);
    }

    public static TheoryData<string, bool> ShellsAndForms => new(Shells.SelectMany(shell => new[] { (shell, true), (shell, false) }));

    [Theory]
    [MemberData(nameof(ShellsAndForms))]
    public async Task Starts_from_any_shell_renamed_moved_read_only_through_a_link_and_from_another_folder(string shell, bool withWindows)
    {
        string packed = Pack(withWindows);
        await Started("./packed 'A=a b' B='*'", folder);
        string moved = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "an other folder")).FullName, "neu ü'.exe");
        File.Move(packed, moved);
        File.SetUnixFileMode(moved, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string link = Path.Combine(folder, "link");
        File.CreateSymbolicLink(link, moved);
        await Started($"\"{moved}\" 'A=a b' B='*'", "/", moved);
        await Started("../link 'A=a b' B='*'", Path.GetDirectoryName(moved)!, Path.Combine(Path.GetDirectoryName(moved)!, "../link"));
        await Started("PATH=.:$PATH; link 'A=a b' B='*'", folder, link);
        await Started($"{shell} link 'A=a b' B='*'", folder, link);

        async Task Started(string commands, string from, string? file = null)
        {
            (int exitCode, string output, string error) = await Run(shell, commands, from);
            Assert.Equal("", error);
            Assert.Equal(0, exitCode);
            string[] lines = output.Split('\n');
            Assert.Contains("A=a b", lines);
            Assert.Contains("B=*", lines);
            string started = Assert.Single(lines, line => line.StartsWith("CRIA_PACKED=", StringComparison.Ordinal))["CRIA_PACKED=".Length..];
            Assert.StartsWith("/", started, StringComparison.Ordinal);
            Assert.Equal(Path.GetFullPath(file ?? packed), Path.GetFullPath(started));
        }
    }

    [Fact]
    public async Task The_program_is_kept_under_its_hash_and_taken_from_there()
    {
        Pack(true);
        await Succeeds("./packed");
        string kept = Assert.Single(Directory.GetFiles(Cache));
        Assert.Equal(Programs().Sha256, Path.GetFileName(kept));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(kept));
        DateTime written = File.GetLastWriteTimeUtc(kept);
        await Succeeds("./packed");
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
    }

    [Fact]
    public async Task A_kept_program_that_was_changed_is_replaced_and_never_started()
    {
        Pack(true);
        await Succeeds("./packed");
        string kept = Assert.Single(Directory.GetFiles(Cache));
        byte[] original = File.ReadAllBytes(kept);
        string mark = Path.Combine(folder, "mark");
        File.Delete(kept);
        File.WriteAllText(kept, $"#!/bin/sh\ntouch {mark}\n");
        File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        (int exitCode, string output, string error) = await Run("dash", "./packed A=1", folder);
        Assert.Equal($"cria: {kept} was changed; it is replaced\n", error);
        Assert.Equal(0, exitCode);
        Assert.Contains("A=1", output, StringComparison.Ordinal);
        Assert.False(File.Exists(mark));
        Assert.Equal(original, File.ReadAllBytes(kept));
    }

    [Fact]
    public async Task A_new_program_sends_away_those_not_started_for_long()
    {
        Pack(true);
        Directory.CreateDirectory(Cache);
        Keep("unused", days: 100);
        Keep("used", days: 10);
        Keep(".part.power-cut", days: 5);
        Keep(".part.under-way", days: 0);
        await Succeeds("./packed");
        Assert.Equal([".part.under-way", Programs().Sha256, "used"], Directory.GetFiles(Cache).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Keep("unused", days: 100);
        await Succeeds("./packed");
        Assert.Equal(4, Directory.GetFiles(Cache).Length);

        void Keep(string name, int days)
        {
            string path = Path.Combine(Cache, name);
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-days));
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow.AddDays(-days));
        }
    }

    [Fact]
    public async Task Many_at_once_all_start_and_leave_one_program()
    {
        Pack(true);
        (int exitCode, string output, string error) = await Run("bash", "for i in 1 2 3 4 5 6 7 8 9 10; do ./packed N=$i & done; wait", folder);
        Assert.Equal(0, exitCode);
        Assert.Equal("", error);
        Assert.Equal(10, output.Split('\n').Count(line => line.StartsWith("N=", StringComparison.Ordinal)));
        Assert.Single(Directory.GetFileSystemEntries(Cache));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_is_named()
    {
        Pack(true);
        File.WriteAllText(Path.Combine(folder, "file"), "");
        string message = await Fails("XDG_CACHE_HOME=$PWD/file ./packed");
        Assert.Equal($"cria: {folder}/file/cria/programs cannot be written; set XDG_CACHE_HOME to a folder that can\n", message);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_leaves_nothing_behind()
    {
        Pack(true);
        // A limit on the size of files stands for the full disk.
        string message = await Fails("trap '' XFSZ; ulimit -f 8; ./packed");
        Assert.Contains("free space, or set XDG_CACHE_HOME", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Cache));
    }

    [Fact]
    public async Task A_file_cut_short_is_told_and_leaves_nothing_behind()
    {
        string packed = Pack(false);
        using (FileStream file = File.OpenWrite(packed)) file.SetLength(Programs().Start + 3000);
        Assert.Contains("is cut short", await Fails("./packed"), StringComparison.Ordinal);
        byte[] damaged = File.ReadAllBytes(Pack(true));
        damaged[Programs().Start + 5000] ^= 1;
        File.WriteAllBytes(packed, damaged);
        Assert.Contains("cut short or damaged", await Fails("./packed"), StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(Cache) ? Directory.GetFileSystemEntries(Cache) : []);
    }

    [Fact]
    public async Task A_system_without_a_program_is_told_which_there_are()
    {
        Pack(true);
        string tools = Directory.CreateDirectory(Path.Combine(folder, "tools")).FullName;
        string uname = Path.Combine(tools, "uname");
        File.WriteAllText(uname, "#!/bin/sh\n[ \"$1\" = -s ] && echo Darwin || echo arm64\n");
        File.SetUnixFileMode(uname, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string message = await Fails("PATH=$PWD/tools:$PATH; ./packed");
        Assert.Equal($"cria: {folder}/packed holds no program for Darwin arm64, only for win-x64, {ThisSystem}; install cria for this system and run 'cria serve {folder}/packed'\n", message);
    }

    private string Cache => Path.Combine(folder, "cache", "cria", "programs");

    private static string ThisSystem => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    private PackedProgram Programs() => PackedFile.TryOpen(Path.Combine(folder, "whole"))!.Programs.First(program => program.System == ThisSystem);

    private string Pack(bool withWindows)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a program of Linux stands in for cria");
        string model = SharedData.ShippedModel, packed = Path.Combine(folder, "packed");
        using (ITensorSource source = ModelSource.Open(model))
        {
            Packer.Pack(source, packed, new PackOptions
            {
                Programs = [PackedProgram.Open(FakePrograms.FromTool(folder, "/usr/bin/env")), PackedProgram.Open(FakePrograms.For(folder, withWindows ? "win-x64" : "osx-arm64"))],
            });
        }
        File.Copy(packed, Path.Combine(folder, "whole"), overwrite: true);
        return packed;
    }

    private async Task Succeeds(string commands)
    {
        (int exitCode, _, string error) = await Run("dash", commands, folder);
        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
    }

    /// <summary>What standard error says, which is one line.</summary>
    private async Task<string> Fails(string commands)
    {
        (int exitCode, string output, string error) = await Run("dash", commands, folder);
        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
        return error;
    }

    private async Task<(int ExitCode, string Output, string Error)> Run(string shell, string commands, string from)
    {
        string? path = new[] { $"/usr/bin/{shell}", $"/bin/{shell}" }.FirstOrDefault(File.Exists);
        if (path is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) throw new FileNotFoundException($"{shell} must be installed on CI");
        Assert.SkipWhen(path is null, $"{shell} is not installed");
        var start = new ProcessStartInfo(path!, ["-c", commands])
        {
            WorkingDirectory = from,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(folder, "cache");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
