namespace Cria.Cli.Tests;

public class CommandLineTests
{
    public static TheoryData<string> Verbs => ["run", "chat", "inspect", "tokenize", "bench", "quantize", "pull", "list", "show", "rm"];

    [Fact]
    public async Task Shows_its_version()
    {
        Assert.Matches(@"^cria \d+\.\d+\.\d+ \(", (await CriaProcess.Run("--version")).Succeeded());
    }

    [Fact]
    public async Task Shows_help_and_calls_it_a_usage_error_when_nothing_is_asked()
    {
        CriaProcess.Result result = await CriaProcess.Run();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Commands", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Explains_each_command_with_examples(string verb)
    {
        string page = (await CriaProcess.Run(verb, "--help")).Succeeded();
        Assert.Contains($"cria {verb} ", page, StringComparison.Ordinal);
        Assert.Contains("Examples", page, StringComparison.Ordinal);
        Assert.All(page.Split('\n'), line => Assert.True(line.Length <= 110, line));
        Assert.DoesNotContain('\e', page);
    }

    [Fact]
    public async Task Suggests_the_command_that_was_meant()
    {
        Assert.Equal("cria: there is no command 'tokenise'; did you mean 'tokenize'?", (await CriaProcess.Run("tokenise", "x")).Refused());
    }

    [Fact]
    public async Task Refuses_unknown_options_and_extra_arguments_as_usage_errors()
    {
        Assert.Equal("cria: 'inspect' has no option '--colour'", (await CriaProcess.Run("inspect", "x", "--colour")).Refused());
        Assert.Equal("cria: 'run' has no option '--temprature'; did you mean '--temp'?", (await CriaProcess.Run("run", "--temprature", "1", "hi")).Refused());
        Assert.Equal("cria: 'run' has no option '--jsn'; did you mean '--json'?", (await CriaProcess.Run("run", "hi", "--jsn")).Refused());
        Assert.NotEmpty((await CriaProcess.Run("tokenize", "--", "--jsn")).Succeeded());
        Assert.NotEmpty((await CriaProcess.Run("tokenize", "--jsn is no option")).Succeeded());
        Assert.Contains("'c' is one argument too many", (await CriaProcess.Run("tokenize", "b", "c")).Refused(), StringComparison.Ordinal);
        Assert.Equal("cria: --context wants a whole number of 1 or more, not 'much'", (await CriaProcess.Run("inspect", "x", "-c", "much")).Refused());
        Assert.Equal("cria: MODEL is missing", (await CriaProcess.Run("inspect")).Refused());
    }

    [Fact]
    public async Task Takes_help_for_a_command_too()
    {
        Assert.Equal((await CriaProcess.Run("run", "--help")).Succeeded(), (await CriaProcess.Run("help", "run")).Succeeded());
    }
}
