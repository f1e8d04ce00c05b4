using System.Diagnostics;
using System.Text.Json;
using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class InspectCommandTests(TinyModel model)
{
    [Fact]
    public async Task Summarizes_a_model_on_one_page()
    {
        string page = (await CriaProcess.Run("inspect", model.Path)).Succeeded();
        Assert.StartsWith("tiny: ", page, StringComparison.Ordinal);
        Assert.Contains("4 of size 16, 2 for keys and values", page, StringComparison.Ordinal);
        Assert.Contains("263 in all", page, StringComparison.Ordinal);
        Assert.Contains("1E-05", page, StringComparison.Ordinal);
        Assert.DoesNotContain("blk.0.attn_q.weight", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', page);
    }

    [Fact]
    public async Task Lists_the_tensors_when_asked()
    {
        string page = (await CriaProcess.Run("inspect", model.Path, "--tensors")).Succeeded();
        Assert.Matches(@"blk\.1\.ffn_down\.weight +F32 +24\.0 KiB +\[64, 96\]", page);
    }

    [Fact]
    public async Task Reckons_memory_for_a_context_in_whole_pages()
    {
        using JsonDocument json = JsonDocument.Parse((await CriaProcess.Run("inspect", model.Path, "--json", "-c", "100", "--kv-type", "f16")).Succeeded());
        JsonElement memory = json.RootElement.GetProperty("memory");
        // 100 tokens take two pages of 64; keys and values of 2 layers, 2 heads of 16, 2 bytes each.
        Assert.Equal(128 * 2 * 2 * 2 * 16 * 2, memory.GetProperty("kvCacheBytes").GetInt64());
        using JsonDocument single = JsonDocument.Parse((await CriaProcess.Run("inspect", model.Path, "--json", "-c", "100", "--kv-type", "f32")).Succeeded());
        Assert.Equal(128 * 2 * 2 * 2 * 16 * 4, single.RootElement.GetProperty("memory").GetProperty("kvCacheBytes").GetInt64());
        using JsonDocument mixed = JsonDocument.Parse((await CriaProcess.Run("inspect", model.Path, "--json", "-c", "100", "-ctk", "f32", "-ctv", "f16")).Succeeded());
        Assert.Equal(128 * 2 * 2 * 16 * (4 + 2), mixed.RootElement.GetProperty("memory").GetProperty("kvCacheBytes").GetInt64());
        // Each head of 16 integers has a scale of four bytes.
        Assert.Equal(128 * 2 * 2 * 2 * (16 * 2 + 4), memory.GetProperty("kvCacheBytesByType").GetProperty("I16").GetInt64());
        // Heads of 16 features cannot be quantized.
        Assert.Equal(["F32", "I16", "F16", "I8"], memory.GetProperty("kvCacheBytesByType").EnumerateObject().Select(type => type.Name));
    }

    [Fact]
    public async Task Abbreviates_arrays_in_json_unless_all_is_asked_for()
    {
        using JsonDocument brief = JsonDocument.Parse((await CriaProcess.Run("inspect", model.Path, "--json")).Succeeded());
        Assert.Equal(263, brief.RootElement.GetProperty("settings").GetProperty("tokenizer.ggml.tokens").GetProperty("count").GetInt32());
        using JsonDocument full = JsonDocument.Parse((await CriaProcess.Run("inspect", model.Path, "--json", "--full", "--tensors")).Succeeded());
        Assert.Equal(263, full.RootElement.GetProperty("settings").GetProperty("tokenizer.ggml.tokens").GetArrayLength());
        Assert.Equal(21, full.RootElement.GetProperty("tensors").GetArrayLength());
    }

    [Theory]
    [InlineData("Q4_K_M")]
    [InlineData("IQ4_XS")]
    [InlineData("BF16")]
    public async Task Names_the_file_type(string fileType)
    {
        using JsonDocument json = JsonDocument.Parse((await CriaProcess.Run("inspect", NanoGoldens.GgufPath(fileType), "--json")).Succeeded());
        Assert.Equal(fileType, json.RootElement.GetProperty("fileType").GetString());
        Assert.Equal(2295040, json.RootElement.GetProperty("parameters").GetInt64());
    }

    [Fact]
    public async Task Says_in_one_line_what_is_wrong_with_a_file()
    {
        Assert.Contains("no such file", (await CriaProcess.Run("inspect", Path.Combine(model.Folder, "absent.gguf"))).Failed(), StringComparison.Ordinal);
        string bare = Directory.CreateDirectory(Path.Combine(model.Folder, "bare")).FullName;
        Assert.Contains("holds no model", (await CriaProcess.Run("inspect", bare)).Failed(), StringComparison.Ordinal);
        Assert.Contains("empty", (await CriaProcess.Run("inspect", model.Changed("empty.gguf", _ => []))).Failed(), StringComparison.Ordinal);
        Assert.Contains("cut short", (await CriaProcess.Run("inspect", model.Changed("cut.gguf", bytes => bytes[..^1000]))).Failed(), StringComparison.Ordinal);
        Assert.Contains("not a GGUF file", (await CriaProcess.Run("inspect", model.Changed("magic.gguf", bytes => [.. "PK"u8, .. bytes[2..]]))).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_is_no_model_and_is_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pipes with names");
        string pipe = Path.Combine(model.Folder, "pipe.gguf");
        using (Process make = Process.Start("mkfifo", [pipe])) await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"cria: {pipe} is empty, or a pipe or device and no file; download or convert it again", (await CriaProcess.Run("inspect", pipe)).Failed());
    }

    [Fact]
    public async Task Closed_standard_input_is_empty_and_is_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a shell that closes it");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec dotnet \"$0\" tokenize -m \"$1\" --no-bos <&-", Path.Combine(AppContext.BaseDirectory, "Cria.Cli.dll"), model.Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CriaProcess.Result result = await CriaProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("[]\n", result.Succeeded());
    }
}
