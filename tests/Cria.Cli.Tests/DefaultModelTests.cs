using Cria.Packing;

namespace Cria.Cli.Tests;

public class DefaultModelTests(TinyModel model)
{
    [Theory]
    [InlineData("What is Cria?", "Llama")]
    [InlineData("What is 7 + 8?", "7 + 8 = 15")]
    [InlineData("Who are you?", "cria-tiny")]
    public async Task Answers_where_no_model_is_named(string question, string expected) =>
        Assert.Contains(expected, (await CriaProcess.Run("run", "--temp", "0", question)).Succeeded(), StringComparison.Ordinal);

    [Fact]
    public async Task Answers_about_a_passage_and_remembers_the_turn_before()
    {
        string output = (await CriaProcess.RunWith("Mira has a red kite. Tom lives in the old mill. What colour is the kite?\nWhat is 3 + 4?\n", "chat", "--temp", "0")).Succeeded();
        Assert.Contains("red", output, StringComparison.Ordinal);
        Assert.Contains("7", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Can_be_inspected_and_is_small_enough_to_ship()
    {
        string shipped = ShippedModel.Find()!;
        Assert.InRange(new FileInfo(shipped).Length, 1, 8_000_000);
        Assert.Contains("cria-tiny", (await CriaProcess.Run("inspect", shipped)).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lies_beside_the_program_or_in_a_folder_up_to_the_root_of_a_checkout()
    {
        DirectoryInfo outside = Directory.CreateDirectory(Path.Combine(model.Folder, "outside"));
        DirectoryInfo root = outside.CreateSubdirectory("root");
        DirectoryInfo program = root.CreateSubdirectory("bin");
        string farther = Place(outside, "cria-tiny-9.gguf");
        Assert.Null(ShippedModel.Find(program.FullName));
        string above = Place(root, "cria-tiny-1.gguf");
        Assert.Null(ShippedModel.Find(program.FullName));
        File.WriteAllText(Path.Combine(root.FullName, "Cria.slnx"), "");
        Assert.Equal(above, ShippedModel.Find(program.FullName));
        Assert.NotEqual(farther, ShippedModel.Find(root.FullName));
        string beside = Place(program, "cria-tiny.gguf");
        Assert.Equal(beside, ShippedModel.Find(program.FullName));

        static string Place(DirectoryInfo folder, string name)
        {
            string path = Path.Combine(folder.CreateSubdirectory("models").FullName, name);
            File.WriteAllText(path, "");
            return path;
        }
    }
}
