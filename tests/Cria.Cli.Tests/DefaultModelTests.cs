namespace Cria.Cli.Tests;

public class DefaultModelTests(TinyModel model)
{
    [Fact]
    public async Task Greets_whatever_is_asked_and_whatever_the_seed()
    {
        string greeting = Greeting(await CriaProcess.Run("run", "-m", Demonstration, "Hello"));
        Assert.StartsWith("Hello! I am not a trained model: my weights were written by hand, ", greeting, StringComparison.Ordinal);
        Assert.EndsWith("    cria run -m llama.gguf \"Why is the sky blue?\"\n", greeting, StringComparison.Ordinal);
        for (int seed = 1; seed <= 5; seed++)
            Assert.Equal(greeting, Greeting(await CriaProcess.Run("run", "-m", Demonstration, "--seed", FormattableString.Invariant($"{seed}"), "What is 2 + 2?\n\nAnd 3?")));
    }

    [Fact]
    public async Task Greets_where_no_model_is_named()
    {
        Assert.SkipUnless(DefaultModel.Find() == Demonstration, "a trained model ships and answers");
        Assert.Equal(Greeting(await CriaProcess.Run("run", "-m", Demonstration, "Hello")), Greeting(await CriaProcess.Run("run", "Hello")));
        Assert.True(DefaultModel.IsDemonstration(Demonstration));
    }

    [Fact]
    public async Task Can_be_chatted_with_inspected_and_requantized()
    {
        string greeting = Greeting(await CriaProcess.Run("run", "-m", Demonstration, "Hello"));
        string twice = (await CriaProcess.RunWith("Hello\nWhat?\n", "chat", "-m", Demonstration)).Succeeded();
        Assert.Equal(3, twice.Split(greeting.TrimEnd('\n')).Length);
        Assert.Contains("hello", (await CriaProcess.Run("inspect", Demonstration)).Succeeded(), StringComparison.Ordinal);
        string packed = Path.Combine(model.Folder, "hello-q4_0.gguf");
        (await CriaProcess.Run("quantize", "--allow-requantize", Demonstration, packed, "Q4_0")).Succeeded();
        Assert.Equal(greeting, Greeting(await CriaProcess.Run("run", "-m", packed, "Hello")));
    }

    [Fact]
    public void Is_the_trained_one_where_there_is_one_up_to_the_root_of_a_checkout()
    {
        DirectoryInfo outside = Directory.CreateDirectory(Path.Combine(model.Folder, "outside"));
        DirectoryInfo root = outside.CreateSubdirectory("root");
        DirectoryInfo program = root.CreateSubdirectory("bin");
        string farther = Place(outside, "cria-tiny-9.gguf");
        Assert.Null(DefaultModel.Find(program.FullName));
        string beside = Place(program, "hello.gguf");
        Assert.Equal(beside, DefaultModel.Find(program.FullName));
        string trained = Place(root, "cria-tiny-1.gguf");
        Assert.Equal(beside, DefaultModel.Find(program.FullName));
        File.WriteAllText(Path.Combine(root.FullName, "Cria.slnx"), "");
        Assert.Equal(trained, DefaultModel.Find(program.FullName));
        Assert.NotEqual(farther, DefaultModel.Find(root.FullName));
        Assert.False(DefaultModel.IsDemonstration(beside));

        static string Place(DirectoryInfo folder, string name)
        {
            string path = Path.Combine(folder.CreateSubdirectory("models").FullName, name);
            File.WriteAllText(path, "");
            return path;
        }
    }

    private static string Demonstration => Path.Combine(AppContext.BaseDirectory, "models", "hello.gguf");

    private static string Greeting(CriaProcess.Result result)
    {
        string text = result.Succeeded();
        Assert.Empty(result.Error);
        return text;
    }
}
