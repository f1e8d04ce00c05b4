using System.Text.Json;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Kernels;
using Cria.Training;
using Cria.Training.Data;

namespace Cria.Tests;

/// <summary>Losses, gradients and steps of AdamW against values computed in float64 elsewhere.</summary>
public class GoldenTests
{
    public static TheoryData<string, string> KindsOnLevels()
    {
        var data = new TheoryData<string, string>();
        foreach (CpuLevel level in Cpu.Available)
        {
            foreach (string kind in new[] { "plain", "masked", "packed" }) data.Add(kind, level.ToString());
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(KindsOnLevels))]
    public void Loss_and_every_gradient_match(string kind, string level)
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 2 }, Enum.Parse<CpuLevel>(level));
        using var golden = new GoldenModel(backend);
        var pass = new ModelPass(golden.Model, backend);
        TrainingBatch batch = golden.Batch(kind);
        double loss = pass.Run(batch, ModelPass.CountTargets(batch)) / ModelPass.CountTargets(batch);
        backend.Backward();
        JsonElement expected = golden.Expected.GetProperty("expected").GetProperty(kind);
        Near(expected.GetProperty("loss").GetDouble(), loss, "loss");
        Near(expected.GetProperty("gradient_norm").GetDouble(), backend.GradientNorm(), "gradient norm");
        Dictionary<string, float[]> gradients = GoldenModel.Read($"gradients-{kind}.safetensors");
        Assert.Equal(gradients.Count, backend.Parameters.Count);
        foreach (Parameter parameter in backend.Parameters) NearAll(gradients[parameter.Name], parameter, row => parameter.GradientRow(row).ToArray());
    }

    [Fact]
    public void Ten_steps_of_AdamW_follow_the_reference()
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 2 });
        using var golden = new GoldenModel(backend);
        var pass = new ModelPass(golden.Model, backend);
        TrainingBatch batch = golden.Batch("plain");
        JsonElement expected = golden.Expected.GetProperty("expected").GetProperty("adamw");
        using var state = new AdamWState(backend, expected.GetProperty("betas")[0].GetDouble(), expected.GetProperty("betas")[1].GetDouble(), expected.GetProperty("eps").GetDouble(), expected.GetProperty("weight_decay").GetDouble());
        double clip = expected.GetProperty("gradient_clip_norm").GetDouble();
        int targets = ModelPass.CountTargets(batch);
        foreach (JsonElement wanted in expected.GetProperty("losses").EnumerateArray())
        {
            backend.ForgetGradients();
            Near(wanted.GetDouble(), pass.Run(batch, targets) / targets, "loss");
            backend.Backward();
            backend.Step(state, expected.GetProperty("learning_rate").GetDouble(), Math.Min(1, clip / backend.GradientNorm()));
        }
        Dictionary<string, float[]> weights = GoldenModel.Read("weights-after-10-steps.safetensors");
        foreach (Parameter parameter in backend.Parameters) NearAll(weights[parameter.Name], parameter, row => parameter.Row(row).ToArray());
    }

    [Fact]
    public void The_number_of_threads_does_not_change_a_bit()
    {
        Assert.Equal(Gradients(new RecordingOptions { Threads = 1 }), Gradients(new RecordingOptions { Threads = 3 }));
    }

    [Fact]
    public void Computing_activations_again_does_not_change_a_bit() =>
        Assert.Equal(Gradients(new RecordingOptions { Threads = 2 }), Gradients(new RecordingOptions { Threads = 2, Recompute = true }));

    private static float[] Gradients(RecordingOptions options)
    {
        using RecordingBackend backend = RecordingBackend.Create(options);
        using var golden = new GoldenModel(backend);
        new ModelPass(golden.Model, backend).Run(golden.Batch("packed"), 94);
        backend.Backward();
        return [.. backend.Parameters.SelectMany(parameter => Enumerable.Range(0, parameter.Rows).SelectMany(row => parameter.GradientRow(row).ToArray()))];
    }

    private static void Near(double wanted, double found, string what) => Assert.True(Math.Abs(found - wanted) <= 1e-4 * Math.Abs(wanted), $"{what} is {found} instead of {wanted}");

    /// <summary>The difference as a whole within 1e-4 of the tensor's length, and no element further off than 1e-4 of the largest.</summary>
    private static void NearAll(float[] wanted, Parameter parameter, Func<int, float[]> row)
    {
        double difference = 0, length = 0, furthest = 0, largest = 0;
        for (int i = 0; i < parameter.Rows; i++)
        {
            float[] found = row(i);
            for (int j = 0; j < found.Length; j++)
            {
                double right = wanted[i * found.Length + j], off = found[j] - right;
                difference += off * off;
                length += right * right;
                furthest = Math.Max(furthest, Math.Abs(off));
                largest = Math.Max(largest, Math.Abs(right));
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{parameter.Name}: {Math.Sqrt(difference / length):E1} of its length, {furthest / largest:E1} of its largest");
        Assert.True(Math.Sqrt(difference) <= 1e-4 * Math.Sqrt(length), $"{parameter.Name} is off by {Math.Sqrt(difference / length):E2} of its length");
        Assert.True(furthest <= 1e-4 * largest, $"{parameter.Name} has an element off by {furthest / largest:E2} of the largest");
    }
}
