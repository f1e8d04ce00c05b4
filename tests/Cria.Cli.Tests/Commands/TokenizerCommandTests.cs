using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class TokenizerCommandTests(TinyModel model)
{
    [Fact]
    public async Task Learns_a_vocabulary_in_both_forms()
    {
        string text = SharedData.PathOf("data/text/tinyshakespeare.txt");
        string gguf = Path.Combine(model.Folder, "learned.gguf"), tiktoken = Path.Combine(Directory.CreateDirectory(Path.Combine(model.Folder, "learned")).FullName, "tokenizer.model");
        Assert.StartsWith($"{gguf}: 1024 tokens from 1.06 MiB of corpus", (await CriaProcess.Run("tokenizer", "train", text, "-o", gguf, "--vocab", "1024")).Succeeded(), StringComparison.Ordinal);
        (await CriaProcess.Run("tokenizer", "train", text, "-o", tiktoken, "--vocab", "1024")).Succeeded();
        Assert.Equal(1024 - 256, (await File.ReadAllLinesAsync(tiktoken, TestContext.Current.CancellationToken)).Length);
        string inspected = (await CriaProcess.Run("inspect", gguf)).Succeeded();
        Assert.Contains("<|eot_id|>", inspected, StringComparison.Ordinal);
        Assert.Contains("chat template  yes", inspected, StringComparison.Ordinal);
        Assert.StartsWith("[768,", (await CriaProcess.Run("tokenize", "-m", gguf, "What say you?")).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explains_a_corpus_it_cannot_take()
    {
        string output = Path.Combine(model.Folder, "never.gguf"), lines = Path.Combine(model.Folder, "bad.jsonl"), empty = Path.Combine(model.Folder, "empty.txt");
        await File.WriteAllTextAsync(lines, "{\"text\": \"a\"}\n{\"text\": \n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(empty, "", TestContext.Current.CancellationToken);
        Assert.Contains("bad.jsonl:2: not JSON", (await CriaProcess.Run("tokenizer", "train", lines, "-o", output)).Failed(), StringComparison.Ordinal);
        Assert.Contains("the corpus is empty", (await CriaProcess.Run("tokenizer", "train", empty, "-o", output)).Failed(), StringComparison.Ordinal);
        Assert.Contains("there is no such file", (await CriaProcess.Run("tokenizer", "train", "none.txt", "-o", output)).Failed(), StringComparison.Ordinal);
        Assert.Contains("ending in .gguf or .model", (await CriaProcess.Run("tokenizer", "train", empty, "-o", "out.bin")).Refused(), StringComparison.Ordinal);
        Assert.Contains("no command 'tokenizer tran'; did you mean 'train'?", (await CriaProcess.Run("tokenizer", "tran")).Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }
}
