using System.Text.Json;
using Cria.Models;

namespace Cria.Tests.Models;

/// <summary>Rotary frequencies of every scaling rule against published formulas.</summary>
public class RopeFrequenciesTests
{
    [Theory]
    [InlineData("default", RopeRule.None, 1)]
    [InlineData("linear factor 4", RopeRule.Linear, 4)]
    [InlineData("yarn factor 4", RopeRule.Yarn, 4)]
    [InlineData("llama3 factor 8 low 1 high 4", RopeRule.Llama3, 8)]
    public void Match_the_published_formulas(string name, RopeRule rule, double factor)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/rope.json")));
        JsonElement root = golden.RootElement;
        double[] expected = [.. root.GetProperty("inverse_frequencies").GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
        var frequencies = RopeFrequencies.Create(root.GetProperty("head_size").GetInt32(), root.GetProperty("base").GetDouble(), new RopeScaling(rule, factor, root.GetProperty("trained_context").GetInt64()));
        Assert.Equal(expected.Length, frequencies.Inverse.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(1, frequencies.Inverse[i] / expected[i], 1e-9);
        Assert.Equal(rule == RopeRule.Yarn ? root.GetProperty("yarn_attention_factor").GetDouble() : 1, frequencies.Magnitude, 1e-12);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    public void Ntk_raises_the_base_as_published(double factor)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/rope.json")));
        double theta = golden.RootElement.GetProperty("ntk_aware").GetProperty(factor.ToString(System.Globalization.CultureInfo.InvariantCulture)).GetDouble();
        var scaled = RopeFrequencies.Create(128, 500000, new RopeScaling(RopeRule.Ntk, factor));
        var direct = RopeFrequencies.Create(128, theta, RopeScaling.None);
        for (int i = 0; i < 64; i++) Assert.Equal(1, scaled.Inverse[i] / direct.Inverse[i], 1e-9);
    }

    [Fact]
    public void Divisors_of_a_file_divide_each_frequency()
    {
        var plain = RopeFrequencies.Create(16, 10000, RopeScaling.None);
        var divided = RopeFrequencies.Create(16, 10000, RopeScaling.None, [1, 1, 1, 1, 2, 4, 8, 8]);
        for (int i = 0; i < 8; i++) Assert.Equal(plain.Inverse[i], divided.Inverse[i] * (i < 4 ? 1 : i == 4 ? 2 : i == 5 ? 4 : 8), 1e-15);
    }
}
