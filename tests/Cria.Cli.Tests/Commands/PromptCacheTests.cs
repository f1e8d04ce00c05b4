using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

public class PromptCacheTests(TinyModel model)
{
    [Fact]
    public async Task A_second_run_finds_the_prompt_computed_and_damage_is_refused()
    {
        string file = Path.Combine(model.Folder, "prompt.kv");
        string text = string.Concat(Enumerable.Repeat("ab cd ", 40));
        string[] arguments = ["run", "-m", model.Path, "--raw", "--json", "--temp", "0", "-n", "5", "--prompt-cache", file];
        JsonElement first = await Run([.. arguments, text]), second = await Run([.. arguments, text]), longer = await Run([.. arguments, text + "and so on"]);
        Assert.Equal(0, first.GetProperty("tokens").GetProperty("cached").GetInt32());
        int prompt = first.GetProperty("tokens").GetProperty("prompt").GetInt32();
        Assert.Equal(prompt - 1, second.GetProperty("tokens").GetProperty("cached").GetInt32());
        Assert.True(longer.GetProperty("tokens").GetProperty("cached").GetInt32() >= prompt - 1);
        Assert.True(second.GetProperty("promptCacheSeconds").GetDouble() > 0);
        Assert.Equal(first.GetProperty("text").GetString(), second.GetProperty("text").GetString());
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^100] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Contains("is damaged", (await CriaProcess.Run([.. arguments, text])).Failed(), StringComparison.Ordinal);
        Assert.Contains("cannot be read", (await CriaProcess.Run(["run", "-m", model.Path, "--prompt-cache", file + ".absent", "--prompt-cache-ro", "Hi"])).Failed(), StringComparison.Ordinal);
        Assert.Contains("--prompt-cache-ro goes with", (await CriaProcess.Run("run", "-m", model.Path, "--prompt-cache-ro", "Hi")).Refused(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> Run(string[] arguments) => JsonDocument.Parse((await CriaProcess.Run(arguments)).Succeeded()).RootElement;
}
