using System.CommandLine;
using System.IO.Compression;
using Cria.Cli.Packed;
using Cria.Packing.OneFile;

namespace Cria.Cli.Tests.Packed;

public sealed class FileArgumentsTests(TinyModel model) : IDisposable
{
    private readonly Terminal terminal = Terminal.OfThisProcess();
    private readonly Interruption interruption = new();

    public void Dispose()
    {
        terminal.Dispose();
        interruption.Dispose();
    }

    [Theory]
    [InlineData("-m x.gguf ...", "", "serve --open --any-port")]
    [InlineData("-m x.gguf --temp 0.5 -c 100 --port 9 ...", "", "serve -c 100 --port 9 --open --any-port")]
    [InlineData("-m x.gguf -c 100 ...", "--port 9 -c 50", "serve --port 9 -c 50")]
    [InlineData("-m x.gguf -c 100 ...", "--port 9", "serve -c 100 --port 9")]
    [InlineData("chat -m x.gguf --system |Be brief.| ...", "", "chat --system |Be brief.|")]
    [InlineData("chat -m x.gguf --temp 0 ...", "--temp 1", "chat --temp 1")]
    [InlineData("run -m x.gguf |Tell a joke.| ...", "", "run |Tell a joke.|")]
    [InlineData("help -m x.gguf ...", "", "help")]
    [InlineData("help -m x.gguf ...", "--version", "--version")]
    [InlineData("-m x.gguf -c 100 ...", "--help", "--help")]
    [InlineData("-m x.gguf --temp 0 -c 100 --port 9 ...", "run Hi", "run --temp 0 -c 100 Hi")]
    [InlineData("-m x.gguf --temp 0 ...", "run --temp=1 Hi", "run --temp=1 Hi")]
    [InlineData("-m x.gguf --temp 0 ...", "run -- --temp", "run --temp 0 -- --temp")]
    [InlineData("-m x.gguf -c 100 ...", "inspect other.gguf", "inspect other.gguf")]
    [InlineData("-m x.gguf -c 100 ...", "run -m other.gguf Hi", "run -m other.gguf Hi")]
    [InlineData("-m x.gguf -c 100 ...", "serve other.gguf", "serve other.gguf")]
    [InlineData("-m x.gguf -c 100 ...", "nonsense", "nonsense")]
    public void A_packed_file_completes_the_command_line_it_was_started_with(string own, string typed, string expected) =>
        Assert.Equal(ArgumentText.Split(expected.Replace('|', '"')), Complete(Own(own.Replace('|', '"')), typed));

    [Fact]
    public void Without_a_packed_file_nothing_changes()
    {
        Assert.Empty(Complete(null, ""));
        Assert.Equal(["run", "Hi"], Complete(null, "run Hi"));
        Assert.Equal(["--version"], Complete(null, "--version"));
    }

    [Theory]
    [InlineData("run", "run --temp 0.25 -m FILE Hi")]
    [InlineData("chat", "chat --temp 0.25 -m FILE Hi")]
    public void A_llamafile_is_started_by_name_with_those_of_its_arguments_that_are_understood(string command, string expected)
    {
        string file = Llamafile();
        Assert.Equal(expected.Replace("FILE", file, StringComparison.Ordinal).Split(' '), Complete(null, $"{command} {file} Hi"));
        Assert.Equal([command, "-m", file, "--temp", "1"], Complete(null, $"{command} {file} --temp 1"));
    }

    [Fact]
    public void A_llamafile_is_served_on_the_address_it_names()
    {
        string file = Llamafile();
        Assert.Equal(["serve", "--host", "0.0.0.0", "-ngl", "9999", file], Complete(null, $"serve {file}"));
        Assert.Equal(["serve", "-ngl", "9999", "--host", "127.0.0.1", file], Complete(null, $"serve --host 127.0.0.1 {file}"));
    }

    [Fact]
    public void A_gguf_file_before_the_prompt_is_the_model()
    {
        Assert.Equal(["run", "-m", model.Path, "Hi"], Complete(null, $"run {model.Path} Hi"));
        Assert.Equal(["run", "no.gguf"], Complete(null, "run no.gguf"));
    }

    [Theory]
    [InlineData("a 'b c' \"d e\" f' 'g", "a;b c;d e;f g")]
    [InlineData("  ", "")]
    [InlineData("--system ''", "--system;")]
    public void Arguments_are_split_as_a_shell_does(string text, string expected) => Assert.Equal(expected.Length == 0 ? [] : expected.Split(';'), ArgumentText.Split(text));

    [Fact]
    public void Only_the_command_that_is_named_is_made_else_all()
    {
        Assert.Equal("run", Assert.Single(CommandTree.For(["run", "Hi"], terminal, interruption).Subcommands).Name);
        Assert.Empty(CommandTree.For(["--version"], terminal, interruption).Subcommands);
        RootCommand all = CommandTree.For([], terminal, interruption);
        foreach (Command command in all.Subcommands) Assert.Contains(CommandTree.For([command.Name], terminal, interruption).Subcommands, found => found.Name == command.Name);
        Assert.Equal(all.Subcommands.Count, CommandTree.For(["help"], terminal, interruption).Subcommands.Count);
    }

    private string Llamafile()
    {
        string path = Path.Combine(model.Folder, $"foreign-{Guid.NewGuid():N}.llamafile");
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        archive.CreateEntryFromFile(model.Path, "tiny.gguf", CompressionLevel.NoCompression);
        using var arguments = new StreamWriter(archive.CreateEntry(".args").Open());
        // A context of 0, and options that only llamafile has.
        arguments.Write("-m\ntiny.gguf\n-c\n0\n--host\n0.0.0.0\n-ngl\n9999\n--mlock\n--log-disable\n--temp\n0.25\n...\n");
        arguments.Flush();
        return path;
    }

    private static PackedFile Own(string arguments) => new()
    {
        Path = "own",
        Members = [new PackedMember(".cria.json", 1, true)],
        Arguments = ArgumentText.Split(arguments),
        Model = "x.gguf",
    };

    private string[] Complete(PackedFile? own, string typed)
    {
        string[] args = ArgumentText.Split(typed);
        RootCommand root = CommandTree.For(args, terminal, interruption);
        _ = new Invoker(root, terminal, interruption);
        return new FileArguments(root, Invoker.ParserOf(root), own).Complete(args);
    }
}
