using Cria.Hub;
using Cria.Tensors;

namespace Cria.Tests.Hub;

public class HubNameTests
{
    [Theory]
    [InlineData("meta-llama/Meta-Llama-3-8B", "meta-llama/Meta-Llama-3-8B", null, null)]
    [InlineData("org/a.b_c-GGUF:Q4_K_M", "org/a.b_c-GGUF", "Q4_K_M", null)]
    [InlineData("org/name:original@refs/pr/1", "org/name", "original", "refs/pr/1")]
    [InlineData("org/name@v1.0", "org/name", null, "v1.0")]
    [InlineData("org/name:name-Q4_0.gguf", "org/name", "name-Q4_0.gguf", null)]
    [InlineData("https://huggingface.co/org/name", "org/name", null, null)]
    [InlineData("hf.co/org/name:Q8_0", "org/name", "Q8_0", null)]
    public void Takes_names_apart(string text, string repository, string? variant, string? revision) =>
        Assert.Equal(new HubName(repository, variant, revision), HubName.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("org/")]
    [InlineData("/org/name")]
    [InlineData("./org/name")]
    [InlineData("../name")]
    [InlineData("org/..")]
    [InlineData("org/a..b")]
    [InlineData("org/a--b")]
    [InlineData("org/name/file")]
    [InlineData("models/llama.gguf")]
    [InlineData("models/model.safetensors")]
    [InlineData("org/näme")]
    [InlineData("org/name@../../x")]
    [InlineData("org/name@/x")]
    [InlineData("org/name\n")]
    [InlineData("C:\\org\\name")]
    public void Knows_what_is_no_name(string text)
    {
        Assert.False(HubName.TryParse(text, out _));
        Assert.DoesNotContain('\n', Assert.Throws<CriaException>(() => HubName.Parse(text)).Message);
    }

    [Fact]
    public void Writes_names_as_they_are_read()
    {
        foreach (string text in (string[])["org/name", "org/name:Q8_0", "org/name@main", "org/name:Q8_0@v1"]) Assert.Equal(text, HubName.Parse(text).ToString());
    }
}
