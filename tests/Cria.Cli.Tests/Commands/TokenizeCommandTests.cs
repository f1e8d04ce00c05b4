using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

public class TokenizeCommandTests(TinyModel model)
{
    [Fact]
    public async Task Prints_the_ids_as_json_on_one_line()
    {
        Assert.Equal("[258,257,66]\n", (await CriaProcess.Run("tokenize", "-m", model.Path, "theB")).Succeeded().ReplaceLineEndings("\n"));
        Assert.Equal("[257]\n", (await CriaProcess.Run("tokenize", "-m", model.Path, "--no-bos", "the")).Succeeded().ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Reads_standard_input_to_the_last_byte()
    {
        string fromDash = (await CriaProcess.RunWith("the\n", "tokenize", "-m", model.Path, "-")).Succeeded();
        Assert.Equal(3, JsonSerializer.Deserialize<int[]>(fromDash)!.Length);
        Assert.Equal(fromDash, (await CriaProcess.RunWith("the\n", "tokenize", "-m", model.Path)).Succeeded());
    }

    [Fact]
    public async Task Takes_special_tokens_for_letters_unless_asked()
    {
        Assert.Equal("<|eot_id|>".Length, JsonSerializer.Deserialize<int[]>((await CriaProcess.Run("tokenize", "-m", model.Path, "--no-bos", "<|eot_id|>")).Succeeded())!.Length);
        Assert.Equal("[262]", (await CriaProcess.Run("tokenize", "-m", model.Path, "--no-bos", "--special", "<|eot_id|>")).Succeeded().TrimEnd());
    }

    [Fact]
    public async Task Shows_pieces_and_the_bytes_of_half_characters()
    {
        Assert.Equal("""[{"id":257,"piece":"the"},{"id":195,"piece":[195]},{"id":164,"piece":[164]}]""",
            (await CriaProcess.Run("tokenize", "-m", model.Path, "--no-bos", "--pieces", "theä")).Succeeded().TrimEnd());
    }

    [Fact]
    public async Task Refuses_input_that_is_not_utf8()
    {
        Assert.Contains("not valid UTF-8", (await CriaProcess.RunWith([65, 0xff, 66], "tokenize", "-m", model.Path, "-")).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_a_prompt_that_begins_with_an_at_sign_for_text()
    {
        Assert.Equal(3, JsonSerializer.Deserialize<int[]>((await CriaProcess.Run("tokenize", "-m", model.Path, "--no-bos", "@me")).Succeeded())!.Length);
    }
}
