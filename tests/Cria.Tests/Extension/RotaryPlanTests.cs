using System.Text.Json;
using Cria.Extension;
using Cria.Models;
using Cria.Tensors;

namespace Cria.Tests.Extension;

/// <summary>The rules that raise a rotary base, against the published values.</summary>
public class RotaryPlanTests
{
    [Fact]
    public void The_schedule_is_the_model_cards_to_ten_digits()
    {
        using JsonDocument golden = Golden();
        JsonElement byRule = golden.RootElement.GetProperty("gradient_schedule"), critical = golden.RootElement.GetProperty("critical_base");
        string[] contexts = ["65536", "262144", "524288", "1048576", "4194304"];
        Assert.Equal(contexts, GradientSchedule.Table.Select(stage => $"{stage.Context}"));
        foreach (GradientStage stage in GradientSchedule.Table)
        {
            TenDigits(critical.GetProperty($"{stage.Context}").GetDouble(), stage.Critical);
            TenDigits((byRule.TryGetProperty($"{stage.Context}", out JsonElement rule) ? rule : critical.GetProperty($"{stage.Context}")).GetDouble(), stage.ByRule);
            // What was published was computed in 32 bits, and rounded on the cards.
            if (stage.InConfig is { } config) Assert.Equal(1, config / stage.Critical, 1e-8);
            if (stage.InFirstConfig is { } first) Assert.Equal(1, first / stage.ByRule, 1e-7);
            double onCard = double.Parse(stage.OnCard!.TrimEnd('M', 'B'), System.Globalization.CultureInfo.InvariantCulture) * (stage.OnCard.EndsWith('M') ? 1e6 : 1e9);
            Assert.Equal(1, onCard / stage.ByRule, 5e-3);
        }
    }

    [Theory]
    [InlineData(65536, new long[] { }, "65536")]
    [InlineData(262144, new long[] { 65536 }, "262144")]
    [InlineData(524288, new long[] { 65536, 262144 }, "524288")]
    [InlineData(1048576, new long[] { 65536, 262144 }, "1048576")]
    public void Dynamic_ntk_through_stages_is_the_cards_table(long context, long[] stages, string key)
    {
        using JsonDocument golden = Golden();
        RotaryPlan plan = RotaryPlan.For(500000, 8192, 128, new ExtensionOptions { Context = context, Stages = stages });
        TenDigits(golden.RootElement.GetProperty("gradient_schedule").GetProperty(key).GetDouble(), plan.Theta);
        Assert.Equal(RopeScaling.None, plan.Scaling);
        Assert.Equal(stages.Append(context), plan.Stages.Select(stage => stage.To));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    public void Ntk_takes_the_ratio_of_the_contexts(int factor)
    {
        using JsonDocument golden = Golden();
        RotaryPlan plan = RotaryPlan.For(500000, 8192, 128, new ExtensionOptions { Context = 8192 * factor, Rule = ExtensionRule.Ntk });
        TenDigits(golden.RootElement.GetProperty("ntk_aware").GetProperty($"{factor}").GetDouble(), plan.Theta);
    }

    [Fact]
    public void The_critical_base_does_not_depend_on_the_stages()
    {
        double direct = RotaryPlan.For(500000, 8192, 128, new ExtensionOptions { Context = 4194304, Rule = ExtensionRule.CriticalBase }).Theta;
        double staged = RotaryPlan.For(500000, 8192, 128, new ExtensionOptions { Context = 4194304, Rule = ExtensionRule.CriticalBase, Stages = [65536, 524288] }).Theta;
        Assert.Equal(1, staged / direct, 1e-12);
        // The slowest pair that was trained over a full turn makes it over the new context.
        int dimension = RotaryBase.CriticalDimension(500000, 8192, 128);
        Assert.Equal(70, dimension);
        Assert.Equal(8192, 2 * Math.PI * Math.Pow(500000, Dimension(500000, 8192) / 128), 1e-6);
        Assert.Equal(4194304, 2 * Math.PI * Math.Pow(direct, Dimension(500000, 8192) / 128), 1e-3);

        static double Dimension(double theta, double context) => 128 * Math.Log(context / (2 * Math.PI)) / Math.Log(theta);
    }

    [Theory]
    [InlineData(ExtensionRule.Linear, "linear factor 4", 32768)]
    [InlineData(ExtensionRule.Yarn, "yarn factor 4", 32768)]
    [InlineData(ExtensionRule.Llama3, "llama3 factor 8 low 1 high 4", 65536)]
    public void Rules_that_stretch_give_the_published_frequencies(ExtensionRule rule, string name, long context)
    {
        using JsonDocument golden = Golden();
        double[] expected = [.. golden.RootElement.GetProperty("inverse_frequencies").GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
        RotaryPlan plan = RotaryPlan.For(500000, 8192, 128, new ExtensionOptions { Context = context, Rule = rule });
        Assert.Equal(500000, plan.Theta);
        IReadOnlyList<double> frequencies = plan.Frequencies(128).Inverse;
        for (int i = 0; i < expected.Length; i++) Assert.Equal(1, frequencies[i] / expected[i], 1e-9);
    }

    [Fact]
    public void A_base_of_ones_own_needs_no_longer_context()
    {
        var options = new ExtensionOptions { Context = 8192, Rule = ExtensionRule.Base, Theta = 1e6 };
        Assert.Equal(1e6, RotaryPlan.For(500000, 8192, 128, options).Theta);
        Assert.Contains("already", Assert.Throws<CriaException>(() => RotaryPlan.For(500000, 8192, 128, options with { Context = 8191 })).Message, StringComparison.Ordinal);
    }

    public static TheoryData<ExtensionOptions, string> Contradictions => new()
    {
        { new ExtensionOptions { Context = 8192 }, "already" },
        { new ExtensionOptions { Context = 65536, Stages = [32768, 16384] }, "stage 16384" },
        { new ExtensionOptions { Context = 65536, Stages = [131072] }, "stage 65536" },
        { new ExtensionOptions { Context = 65536, Rule = ExtensionRule.Yarn, Stages = [16384] }, "stages" },
        { new ExtensionOptions { Context = 65536, Rule = ExtensionRule.CriticalBase, Factor = 2 }, "no factor" },
        { new ExtensionOptions { Context = 65536, Factor = 0.5 }, "factor of 0.5" },
        { new ExtensionOptions { Context = 65536, Rule = ExtensionRule.Base }, "--theta" },
        { new ExtensionOptions { Context = 65536, Theta = 1e6 }, "contradict" },
        { new ExtensionOptions { Context = 65536, Rule = ExtensionRule.Llama3, LowFrequencyFactor = 4 }, "above the low one" },
        { new ExtensionOptions { Context = 65536, Rule = ExtensionRule.Yarn, BetaFast = 1 }, "beta" },
        { new ExtensionOptions { Context = 1L << 40 }, "beyond" },
    };

    [Theory]
    [MemberData(nameof(Contradictions), DisableDiscoveryEnumeration = true)]
    public void Contradictions_are_refused_in_one_line(ExtensionOptions options, string expected)
    {
        string message = Assert.Throws<CriaException>(() => RotaryPlan.For(500000, 8192, 128, options)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static void TenDigits(double expected, double actual) => Assert.Equal(expected.ToString("E9", System.Globalization.CultureInfo.InvariantCulture), actual.ToString("E9", System.Globalization.CultureInfo.InvariantCulture));

    private static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/rope.json")));
}
