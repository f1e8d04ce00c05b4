using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Tests.Evaluation;

public sealed class ImportanceMeasurementTests : IDisposable
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 60).Select(i => $"The {i}th llama walks home. "));
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Sums_the_squares_of_what_each_matrix_reads()
    {
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("F32"));
        ImportanceMatrix matrix = new ImportanceMeasurement(source, Text, window: 32, windows: 2).Run("text", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(source.Tensors.Where(tensor => tensor.Shape.Count == 2 && tensor.Name.StartsWith("blk.", StringComparison.Ordinal)).Select(tensor => tensor.Name).Order(), matrix.Entries.Keys.Order());
        Assert.All(matrix.Entries.Values, entry => Assert.Equal(64, entry.Count));
        // The first layer's input is known without a network: the normalised embeddings.
        using LanguageModel model = LanguageModel.Load(NanoGoldens.GgufPath("F32"));
        int[] tokens = model.Tokenize(Text)[..64];
        tokens[32] = model.Tokenizer.Bos!.Value;
        float[] gain = Row(source, "blk.0.attn_norm.weight", 0);
        var expected = new double[gain.Length];
        foreach (int token in tokens)
        {
            float[] x = Row(source, "token_embd.weight", token);
            double scale = 1 / Math.Sqrt(x.Average(value => (double)value * value) + model.Config.NormEpsilon);
            for (int i = 0; i < x.Length; i++) expected[i] += Math.Pow(x[i] * scale * gain[i], 2);
        }
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], matrix.Entries["blk.0.attn_q.weight"].SumOfSquares[i], 1e-4 * expected[i]);
    }

    [Theory]
    [InlineData("m.gguf")]
    [InlineData("m.dat")]
    public void Is_the_same_after_writing_and_reading(string name)
    {
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("F32"));
        ImportanceMatrix matrix = new ImportanceMeasurement(source, Text, window: 32, windows: 2).Run("text", cancellationToken: TestContext.Current.CancellationToken);
        string path = Path.Combine(folder, name);
        if (name.EndsWith(".dat", StringComparison.Ordinal)) matrix.WriteLegacy(path);
        else matrix.WriteGguf(path);
        ImportanceMatrix read = ImportanceMatrix.Read(path);
        foreach ((string tensor, ImportanceEntry entry) in matrix.Entries)
            foreach ((float wanted, float found) in entry.Mean.Zip(read.Entries[tensor].Mean)) Assert.Equal(wanted, found, 1e-5f * wanted);
    }

    [Theory]
    [InlineData("short", 512, "less than one window")]
    [InlineData("short", 1 << 20, "does not fit the context")]
    public void Says_what_is_wrong(string text, int window, string expected)
    {
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("F32"));
        Assert.Contains(expected, Assert.Throws<CriaException>(() => new ImportanceMeasurement(source, text, window)).Message, StringComparison.Ordinal);
    }

    private static unsafe float[] Row(ITensorSource source, string name, int row)
    {
        Assert.True(source.TryGet(name, out TensorInfo info));
        var values = new float[info.Columns];
        BlockFormat.Of(info.Type).Decode(source.View(info).Row(row), values);
        return values;
    }
}
