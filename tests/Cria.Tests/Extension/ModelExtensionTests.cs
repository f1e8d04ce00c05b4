using System.Text.Json;
using Cria.Extension;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Tests.Extension;

/// <summary>Models written with a longer context: what changes, and that nothing else does.</summary>
public sealed class ModelExtensionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-extend-").FullName;

    private static string Tiny => SharedData.ShippedModel;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(ExtensionRule.DynamicNtk)]
    [InlineData(ExtensionRule.CriticalBase)]
    [InlineData(ExtensionRule.Linear)]
    [InlineData(ExtensionRule.Yarn)]
    [InlineData(ExtensionRule.Llama3)]
    public void Only_the_rotary_settings_change(ExtensionRule rule)
    {
        (string path, RotaryPlan plan) = Extend(Tiny, "out.gguf", rule);
        using var before = GgufReader.Open(Tiny);
        using var after = GgufReader.Open(path);
        static bool Changes(GgufEntry entry) => entry.Key is "llama.context_length" or "llama.rope.freq_base" || entry.Key.StartsWith("llama.rope.scaling.", StringComparison.Ordinal);
        Assert.Equal(before.Entries.Where(entry => !Changes(entry)).Select(Text), after.Entries.Where(entry => !Changes(entry)).Select(Text));
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name), after.Tensors.Select(tensor => tensor.Name).Where(name => name != "rope_freqs.weight"));
        foreach (TensorInfo tensor in before.Tensors)
        {
            Assert.True(after.TryGet(tensor.Name, out TensorInfo copy));
            Assert.Equal(tensor, copy with { Shape = tensor.Shape });
            Assert.True(before.View(tensor).RowRange(0, tensor.Rows).SequenceEqual(after.View(copy).RowRange(0, copy.Rows)));
        }
        AssertRotary(path, plan);

        static string Text(GgufEntry entry) => $"{entry.Key} {entry.Type} {(entry.Value is Array values ? values.Length : entry.Value)}";
    }

    [Theory]
    [InlineData(ExtensionRule.CriticalBase)]
    [InlineData(ExtensionRule.Linear)]
    [InlineData(ExtensionRule.Yarn)]
    [InlineData(ExtensionRule.Llama3)]
    public void A_folder_becomes_a_folder_whose_files_are_copies(ExtensionRule rule)
    {
        string hugging = Folder();
        (string path, RotaryPlan plan) = Extend(hugging, "longer", rule);
        foreach (string file in Directory.EnumerateFiles(hugging).Where(file => Path.GetFileName(file) != "config.json"))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(path, Path.GetFileName(file))));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "config.json")));
        Assert.Equal(plan.Theta, config.RootElement.GetProperty("rope_theta").GetDouble());
        Assert.Equal(192, config.RootElement.GetProperty("hidden_size").GetInt32());
        AssertRotary(path, plan);
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(folder).Count());
    }

    [Theory]
    [InlineData(ExtensionRule.Yarn)]
    [InlineData(ExtensionRule.Llama3)]
    public void Containers_agree_about_a_rule(ExtensionRule rule)
    {
        (string gguf, RotaryPlan plan) = Extend(Tiny, "a.gguf", rule);
        string hugging = Path.Combine(folder, "b");
        using (ITensorSource source = ModelSource.Open(gguf)) Converter.Write(source, hugging, new ConvertOptions(), cancellationToken: TestContext.Current.CancellationToken);
        AssertRotary(hugging, plan);
        AssertRotary(Extend(Folder(), "c.gguf", rule).Path, plan);
    }

    [Fact]
    public void A_rule_replaces_the_one_before_and_starts_from_the_trained_context()
    {
        (string yarn, _) = Extend(Tiny, "yarn.gguf", ExtensionRule.Yarn);
        (string llama3, _) = Extend(yarn, "llama3.gguf", ExtensionRule.Llama3);
        (string plain, RotaryPlan plan) = Extend(llama3, "plain.gguf", ExtensionRule.DynamicNtk);
        Assert.Equal(RopeRule.Llama3, plan.Replaces);
        AssertRotary(plain, plan);
        (string direct, _) = Extend(Tiny, "direct.gguf", ExtensionRule.DynamicNtk);
        Assert.Equal(File.ReadAllBytes(direct), File.ReadAllBytes(plain));
    }

    [Fact]
    public void A_model_that_does_not_say_what_it_was_trained_on_must_be_told()
    {
        (string path, _) = Extend(Tiny, "llama3.gguf", ExtensionRule.Llama3);
        string silent = Path.Combine(folder, "silent.gguf");
        using (var source = GgufReader.Open(path)) GgufWriter.Write(silent, [.. source.Entries.Where(entry => !entry.Key.EndsWith("original_context_length", StringComparison.Ordinal))], [.. source.Tensors.Select(tensor => TensorContent.From(source, tensor))]);
        using ITensorSource model = ModelSource.Open(silent);
        Assert.Contains("--from", Assert.Throws<CriaException>(() => RotaryPlan.For(model, new ExtensionOptions { Context = 32768 })).Message, StringComparison.Ordinal);
        Assert.Equal(2048, RotaryPlan.For(model, new ExtensionOptions { Context = 32768, TrainedContext = 2048 }).TrainedContext);
    }

    private static void AssertRotary(string path, RotaryPlan plan)
    {
        using ITensorSource source = ModelSource.Open(path);
        LlamaConfig config = LlamaConfig.From(source);
        Assert.Equal(plan.Context, config.ContextLength);
        Assert.Equal(1, config.RopeTheta / plan.Theta, 1e-7);
        var read = RopeFrequencies.Create(config.HeadSize, config.RopeTheta, config.RopeScaling, LlamaLoader.RopeDivisors(source, config));
        RopeFrequencies planned = plan.Frequencies(config.HeadSize);
        for (int i = 0; i < config.HeadSize / 2; i++) Assert.Equal(1, read.Inverse[i] / planned.Inverse[i], 1e-6);
        Assert.Equal(planned.Magnitude, read.Magnitude, 1e-6);
    }

    private string Folder()
    {
        string path = Path.Combine(folder, "hugging");
        using ITensorSource source = ModelSource.Open(Tiny);
        Converter.Write(source, path, new ConvertOptions { Type = TensorType.F16 }, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    private (string Path, RotaryPlan Plan) Extend(string model, string name, ExtensionRule rule)
    {
        RotaryPlan plan;
        using (ITensorSource source = ModelSource.Open(model)) plan = RotaryPlan.For(source, new ExtensionOptions { Context = 16384, Rule = rule });
        string path = Path.Combine(folder, name);
        ModelExtension.Write(model, path, plan, cancellationToken: TestContext.Current.CancellationToken);
        return (path, plan);
    }
}
