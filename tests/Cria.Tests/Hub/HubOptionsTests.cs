using Cria.Hub;
using Cria.Tensors;

namespace Cria.Tests.Hub;

public sealed class HubOptionsTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("cria-hub-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void Lie_where_other_tools_have_them()
    {
        Assert.Equal($"{home}/.cache/huggingface/hub", Read().CacheFolder);
        Assert.Equal("/x/huggingface/hub", Read(("XDG_CACHE_HOME", "/x")).CacheFolder);
        Assert.Equal("/y/hub", Read(("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/y")).CacheFolder);
        Assert.Equal($"{home}/y/hub", Read(("HF_HOME", "~/y")).CacheFolder);
        Assert.Equal("/z", Read(("HF_HOME", "/y"), ("HF_HUB_CACHE", "/z")).CacheFolder);
        Assert.Equal("/w", Read(("HF_HOME", "/y"), ("HUGGINGFACE_HUB_CACHE", "/w")).CacheFolder);
        Assert.Equal(new Uri("https://huggingface.co/"), Read().Endpoint);
        Assert.Equal(new Uri("http://mirror:8080/hf/"), Read(("HF_ENDPOINT", "http://mirror:8080/hf")).Endpoint);
        Assert.False(Read(("HF_HUB_OFFLINE", "0")).Offline);
        Assert.True(Read(("HF_HUB_OFFLINE", "yes")).Offline);
    }

    [Fact]
    public void Take_the_token_from_the_variable_else_from_the_file()
    {
        Assert.Null(Read().Token);
        Directory.CreateDirectory(Path.Combine(home, ".cache", "huggingface"));
        File.WriteAllText(Path.Combine(home, ".cache", "huggingface", "token"), "hf_file\n");
        Assert.Equal("hf_file", Read().Token);
        Assert.Equal("hf_variable", Read(("HF_TOKEN", " hf_variable\n")).Token);
        File.WriteAllText(Path.Combine(home, "other"), "hf_other");
        Assert.Equal("hf_other", Read(("HF_TOKEN_PATH", "~/other")).Token);
        Assert.Contains("HF_TOKEN", Assert.Throws<CriaException>(() => Read(("HF_TOKEN", "hf_a\r\nHost: evil"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("huggingface.co")]
    [InlineData("ftp://huggingface.co")]
    [InlineData("::")]
    public void Refuse_an_endpoint_that_is_no_address(string endpoint) =>
        Assert.Contains("which is no address of a server", Assert.Throws<CriaException>(() => Read(("HF_ENDPOINT", endpoint))).Message, StringComparison.Ordinal);

    private HubOptions Read(params (string Name, string Value)[] variables) =>
        HubOptions.FromEnvironment(name => name == "HOME" ? home : variables.FirstOrDefault(variable => variable.Name == name).Value);
}
