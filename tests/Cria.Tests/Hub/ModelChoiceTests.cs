using Cria.Hub;
using Cria.Tensors;

namespace Cria.Tests.Hub;

public class ModelChoiceTests
{
    private const string Host = "huggingface.co";

    [Theory]
    [InlineData("Meta-Llama-3-8B-Instruct-Q4_K_M.gguf", "Q4_K_M")]
    [InlineData("Meta-Llama-3-8B-Instruct.Q4_0.gguf", "Q4_0")]
    [InlineData("ggml-model-q8_0.gguf", "Q8_0")]
    [InlineData("model-IQ2_XXS-00001-of-00002.gguf", "IQ2_XXS")]
    [InlineData("Llama-3-F16.gguf", "F16")]
    [InlineData("Llama-3-bf16.gguf", "BF16")]
    [InlineData("Llama-UD-Q4_K_XL.gguf", "UD-Q4_K_XL")]
    [InlineData("Llama-Q4_0_4_4.gguf", "Q4_0_4_4")]
    [InlineData("Q6_K/llama-00001-of-00002.gguf", "Q6_K")]
    [InlineData("Llama-Q4_K_M/Llama-Q8_0.gguf", "Q8_0")]
    [InlineData("hello.gguf", null)]
    [InlineData("Qwen1-Q8.gguf", "Q8")]
    public void Reads_the_type_of_weights_from_a_name(string path, string? type) => Assert.Equal(type, RepositoryModels.WeightType(path));

    [Theory]
    [InlineData("", "a-Q4_K_M.gguf")]
    [InlineData(":q4_k_m", "a-Q4_K_M.gguf")]
    [InlineData(":Q8_0", "a-Q8_0.gguf")]
    [InlineData(":F16", "a-F16.gguf")]
    [InlineData(":bf16", "a-BF16.gguf")]
    [InlineData(":a-Q2_K.gguf", "a-Q2_K.gguf")]
    [InlineData(":a-Q2_K", "a-Q2_K.gguf")]
    public void Takes_the_file_that_is_named_else_the_best_known(string variant, string expected)
    {
        ModelVariant model = Find("org/a" + variant, "README.md", "a-F16.gguf", "a-BF16.gguf", "a-Q2_K.gguf", "a-Q4_K_M.gguf", "a-Q4_K_S.gguf", "a-Q8_0.gguf", "a.imatrix.gguf", "mmproj-a-f16.gguf")!;
        Assert.Equal([expected], model.Files.Select(file => file.Path));
    }

    [Fact]
    public void Prefers_q8_0_to_all_but_q4_k_m_and_one_file_to_a_question()
    {
        Assert.Equal("a-Q8_0.gguf", Find("org/a", "a-F16.gguf", "a-Q8_0.gguf", "a-Q2_K.gguf")!.Entry);
        Assert.Equal("a-IQ1_S.gguf", Find("org/a", "a-IQ1_S.gguf")!.Entry);
        Assert.Equal("a-UD-Q4_K_M.gguf", Find("org/a", "a-UD-Q4_K_M.gguf", "a-UD-IQ2_M.gguf")!.Entry);
        Assert.Equal("a-UD-Q4_K_M.gguf", Find("org/a:Q4_K_M", "a-UD-Q4_K_M.gguf", "a-UD-IQ2_M.gguf")!.Entry);
        Assert.Equal("org/a holds several models; name one, such as org/a:IQ1_M (IQ1_M, IQ1_S)", Assert.Throws<CriaException>(() => Find("org/a", "a-IQ1_S.gguf", "a-IQ1_M.gguf")).Message);
    }

    [Fact]
    public void Takes_a_split_model_whole_or_not_at_all()
    {
        string[] parts = ["Q8_0/a-00002-of-00003.gguf", "Q8_0/a-00001-of-00003.gguf", "Q8_0/a-00003-of-00003.gguf", "a-Q2_K.gguf"];
        ModelVariant model = Find("org/a:Q8_0", parts)!;
        Assert.Equal(["Q8_0/a-00001-of-00003.gguf", "Q8_0/a-00002-of-00003.gguf", "Q8_0/a-00003-of-00003.gguf"], model.Files.Select(file => file.Path));
        Assert.Equal("Q8_0/a-00001-of-00003.gguf", model.Entry);
        Assert.Equal("org/a:Q8_0 lacks 1 of its parts on huggingface.co; choose another", Assert.Throws<CriaException>(() => Find("org/a:Q8_0", parts[1..])).Message);
        Assert.Equal("a-Q2_K.gguf", Find("org/a", parts[1..])!.Entry);
    }

    [Fact]
    public void Asks_which_of_two_files_with_one_type_is_meant()
    {
        string[] files = ["a-8b-Q8_0.gguf", "a-70b-Q8_0.gguf"];
        Assert.Equal("org/a:Q8_0 may be any of several; write one of a-8b-Q8_0, a-70b-Q8_0 after the colon", Assert.Throws<CriaException>(() => Find("org/a:Q8_0", files)).Message);
        Assert.Equal("a-8b-Q8_0.gguf", Find("org/a:a-8b-q8_0", files)!.Entry);
    }

    [Fact]
    public void Takes_from_a_folder_of_safetensors_what_loading_needs()
    {
        string[] files =
        [
            ".gitattributes", "LICENSE", "README.md", "config.json", "generation_config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json",
            "original/consolidated.00.pth", "original/consolidated.01.pth", "original/params.json", "original/tokenizer.model", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
        ];
        ModelVariant model = Find("meta-llama/a", files)!;
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors.index.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"], model.Files.SkipLast(2).Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal("", model.Entry);
        ModelVariant original = Find("meta-llama/a:original", files)!;
        Assert.Equal(["original/params.json", "original/tokenizer.model", "original/consolidated.00.pth", "original/consolidated.01.pth"], original.Files.Select(file => file.Path));
        Assert.Equal("original", original.Entry);
        Assert.Equal("", Find("org/a:safetensors", [.. files, "a-Q4_K_M.gguf"])!.Entry);
        Assert.Equal("a-Q4_K_M.gguf", Find("org/a", [.. files, "a-Q4_K_M.gguf"])!.Entry);
        Assert.Contains("lacks 1 of its parts", Assert.Throws<CriaException>(() => Find("meta-llama/a", [.. files.Where(file => !file.Contains("00002-of", StringComparison.Ordinal))])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_a_repository_of_metas_files_as_it_is()
    {
        ModelVariant model = Find("meta-llama/Meta-Llama-3-8B", "consolidated.00.pth", "params.json", "tokenizer.model", "README.md")!;
        Assert.Equal((ModelForm.Meta, "", 3), (model.Form, model.Entry, model.Files.Count));
    }

    [Fact]
    public void Says_what_a_repository_without_a_model_holds()
    {
        HubFile[] files = [new("pytorch_model.bin", 1), new("config.json", 1)];
        Assert.Null(ModelChoice.Find(HubName.Parse("org/a"), files, Host));
        Assert.Contains("its .bin files can run code, so look for a repository with safetensors", ModelChoice.Missing(HubName.Parse("org/a"), files, Host).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Matches_patterns_as_other_tools_do()
    {
        HubFile[] files = [new("a.json", 1), new("b/c.json", 1), new("b/d.txt", 1)];
        Assert.Equal(["a.json", "b/c.json"], ModelChoice.Matching(HubName.Parse("org/a"), files, ["*.json"]).Files.Select(file => file.Path));
        Assert.Equal(["b/d.txt"], ModelChoice.Matching(HubName.Parse("org/a"), files, ["b/d.*", "x"]).Files.Select(file => file.Path));
        Assert.Throws<CriaException>(() => ModelChoice.Matching(HubName.Parse("org/a"), files, ["*.gguf"]));
    }

    private static ModelVariant? Find(string name, params string[] files) => ModelChoice.Find(HubName.Parse(name), [.. files.Select(path => new HubFile(path, path.Length))], Host);
}
