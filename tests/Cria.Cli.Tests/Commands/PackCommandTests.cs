using System.Text.Json;
using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class PackCommandTests(TinyModel model)
{
    private string NewFolder() => Directory.CreateDirectory(Path.Combine(model.Folder, "pack-" + Guid.NewGuid().ToString("N"))).FullName;

    [Fact]
    public async Task Packs_shows_and_unpacks()
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "tiny.exe");
        string output = (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--args", "--temp 0 -n 5",
            "--runtime", "linux-x64=" + FakePrograms.For(folder, "linux-x64"), "--runtime", "win-x64=" + FakePrograms.For(folder, "win-x64"))).Succeeded();
        Assert.EndsWith(", for linux-x64, win-x64\n", output, StringComparison.Ordinal);
        string page = (await CriaProcess.Run("inspect", packed)).Succeeded();
        Assert.Matches("program for win-x64 +68", page);
        Assert.Matches("tiny.gguf +", page);
        Assert.Contains("-m tiny.gguf --temp 0 -n 5 ...", page, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await CriaProcess.Run("inspect", packed, "--json")).Succeeded());
        Assert.Equal(["win-x64", "linux-x64"], json.RootElement.GetProperty("packed").GetProperty("programs").EnumerateArray().Select(program => program.GetProperty("system").GetString()));
        string parts = Path.Combine(folder, "parts");
        Assert.Equal(6, (await CriaProcess.Run("unpack", packed, "-o", parts)).Succeeded().TrimEnd('\n').Split('\n').Length);
        Assert.Equal(File.ReadAllBytes(model.Path), File.ReadAllBytes(Path.Combine(parts, "tiny.gguf")));
    }

    [Fact]
    public async Task A_packed_file_answers_with_its_arguments_and_the_users_go_before()
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "tiny");
        (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--args", "--temp 0 -n 5", "--runtime", "linux-x64=" + FakePrograms.For(folder, "linux-x64"))).Succeeded();
        string expected = (await CriaProcess.Run("run", "-m", model.Path, "--temp", "0", "-n", "5", "Hello")).Succeeded();
        Assert.Equal(expected, (await CriaProcess.Run("run", packed, "Hello")).Succeeded());
        Assert.Equal(expected, (await CriaProcess.Run("run", "-m", packed, "Hello")).Succeeded());
        string longer = (await CriaProcess.Run("run", "-m", model.Path, "--temp", "0", "-n", "9", "Hello")).Succeeded();
        Assert.Equal(longer, (await CriaProcess.Run("run", packed, "-n", "9", "Hello")).Succeeded());
    }

    [Fact]
    public async Task Pieces_are_joined_to_a_file_that_may_be_started()
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "tiny"), joined = Path.Combine(folder, "joined");
        (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--runtime", "linux-x64=" + FakePrograms.For(folder, "linux-x64"))).Succeeded();
        byte[] bytes = File.ReadAllBytes(packed);
        File.WriteAllBytes(packed + ".cat0", bytes[..100_000]);
        File.WriteAllBytes(packed + ".cat1", bytes[100_000..]);
        Assert.Contains("cria join", (await CriaProcess.Run("run", "-m", packed + ".cat1", "Hello")).Failed(), StringComparison.Ordinal);
        (await CriaProcess.Run("join", packed + ".cat0", joined)).Succeeded();
        Assert.Equal(bytes, File.ReadAllBytes(joined));
        if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(joined).HasFlag(UnixFileMode.UserExecute | UnixFileMode.OtherExecute));
        File.Delete(packed + ".cat1");
        Assert.Contains("make no whole model", (await CriaProcess.Run("join", packed + ".cat0", joined)).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_in_one_line_what_cannot_be_packed()
    {
        string folder = NewFolder(), packed = Path.Combine(folder, "tiny"), program = "linux-x64=" + FakePrograms.For(folder, "linux-x64");
        // The tests run on the SDK's own host, which is no cria in one file.
        Assert.Contains("name a released one with --runtime SYSTEM=PATH", (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed)).Failed(), StringComparison.Ordinal);
        Assert.Contains("not for win-x64", (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--runtime", "win-x64=" + program["linux-x64=".Length..])).Failed(), StringComparison.Ordinal);
        Assert.Contains("one of linux-x64, ", (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--runtime", "amiga")).Failed(), StringComparison.Ordinal);
        Assert.Contains("choose another name", (await CriaProcess.Run("pack", "-m", model.Path, "-o", model.Path, "--runtime", program)).Failed(), StringComparison.Ordinal);
        Assert.Contains("no such file", (await CriaProcess.Run("pack", "-m", Path.Combine(folder, "absent.gguf"), "-o", packed, "--runtime", program)).Failed(), StringComparison.Ordinal);
        Assert.Contains("which none of run, chat, serve has", (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--runtime", program, "--args", "--no-such-option")).Refused(), StringComparison.Ordinal);
        Assert.Contains("names a model", (await CriaProcess.Run("pack", "-m", model.Path, "-o", packed, "--runtime", program, "--args", "-m other.gguf")).Refused(), StringComparison.Ordinal);
        Assert.Contains("no packed file", (await CriaProcess.Run("unpack", model.Path)).Failed(), StringComparison.Ordinal);
        Assert.False(File.Exists(packed));
    }
}
