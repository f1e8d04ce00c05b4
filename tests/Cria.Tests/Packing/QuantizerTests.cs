using System.Text.RegularExpressions;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Tests.Packing;

public sealed class QuantizerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public static TheoryData<string> QuantizedFileTypes => [.. NanoGoldens.FileTypes.Where(type => type != "F32")];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(QuantizedFileTypes))]
    public void A_quantized_file_equals_the_reference_bit_for_bit(string fileType)
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        string path = Path.Combine(folder, "out.gguf");
        new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse(fileType), Threads = 2 }).Write(path, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(File.ReadAllBytes(NanoGoldens.GgufPath(fileType)).AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_number_of_threads()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        byte[][] files = [.. new[] { 1, 3 }.Select(threads =>
        {
            string path = Path.Combine(folder, $"{threads}.gguf");
            new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("q4_k"), Threads = threads }).Write(path, cancellationToken: TestContext.Current.CancellationToken);
            return File.ReadAllBytes(path);
        })];
        Assert.Equal(files[0], files[1]);
    }

    [Fact]
    public void Choices_of_the_user_overrule_the_recipe()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        var options = new QuantizeOptions { FileType = FileType.Parse("Q4_K_M") };
        Assert.Equal(TensorType.F16, TypeOf(options with { OutputType = TensorType.F16 }, "output.weight"));
        Assert.Equal(TensorType.Q8_0, TypeOf(options with { EmbeddingType = TensorType.Q8_0 }, "token_embd.weight"));
        Assert.Equal(TensorType.Q4_K, TypeOf(options with { Pure = true }, "output.weight"));
        Assert.Equal(TensorType.F32, TypeOf(options with { LeaveOutput = true }, "output.weight"));
        (Regex, TensorType)[] types = [(new Regex("attn_[qk]"), TensorType.Q5_1), (new Regex("attn"), TensorType.Q2_K)];
        Assert.Equal(TensorType.Q5_1, TypeOf(options with { TensorTypes = types }, "blk.1.attn_k.weight"));
        Assert.Equal(TensorType.Q2_K, TypeOf(options with { TensorTypes = types }, "blk.1.attn_v.weight"));
        Assert.Equal(TensorType.F32, TypeOf(options with { TensorTypes = types }, "blk.1.attn_norm.weight"));

        TensorType TypeOf(QuantizeOptions chosen, string name) => new Quantizer(source, chosen).Plan.Single(pair => pair.To.Name == name).To.Type;
    }

    [Fact]
    public void Requantizing_is_refused_unless_it_is_asked_for()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("Q8_0"));
        var options = new QuantizeOptions { FileType = FileType.Parse("Q4_0") };
        var failure = Assert.Throws<CriaException>(() => new Quantizer(source, options));
        Assert.Contains("is Q8_0 already", failure.Message, StringComparison.Ordinal);
        string path = Path.Combine(folder, "out.gguf");
        new Quantizer(source, options with { AllowRequantize = true }).Write(path, cancellationToken: TestContext.Current.CancellationToken);
        using GgufReader result = GgufReader.Open(path);
        Assert.Equal(TensorType.Q4_0, result.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight").Type);
    }

    [Fact]
    public void Progress_reaches_the_end()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        var reports = new List<TensorProgress>();
        new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q4_0") }).Write(Path.Combine(folder, "out.gguf"), new Collect(reports), TestContext.Current.CancellationToken);
        Assert.Equal(reports[^1].TotalElements, reports[^1].DoneElements);
        Assert.Equal(reports.Select(report => report.DoneElements).Order(), reports.Select(report => report.DoneElements));
    }

    [Fact]
    public void A_weight_that_is_not_a_number_is_named_and_nothing_is_left()
    {
        string damaged = Path.Combine(folder, "nan.gguf");
        var values = new float[4 * 256];
        values[600] = float.NaN;
        TensorContent tensor = new(new TensorInfo("blk.0.attn_q.weight", TensorType.F32, [4, 256], values.Length * 4), stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)));
        GgufWriter.Write(damaged, [], [tensor]);
        using GgufReader source = GgufReader.Open(damaged);
        string path = Path.Combine(folder, "out.gguf");
        var failure = Assert.Throws<CriaException>(() => new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q4_K_M") }).Write(path, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("blk.0.attn_q.weight has a weight that is NaN in row 2", failure.Message, StringComparison.Ordinal);
        Assert.Equal([damaged], Directory.GetFiles(folder));
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        using var cancelled = new CancellationTokenSource();
        var quantizer = new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q4_K_M") });
        Assert.ThrowsAny<OperationCanceledException>(() => quantizer.Write(Path.Combine(folder, "out.gguf"), new CancelAt(cancelled), cancelled.Token));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void Rows_that_are_no_whole_blocks_fall_back_to_smaller_blocks()
    {
        string odd = Path.Combine(folder, "odd.gguf");
        TensorContent[] tensors = [Zeros("blk.0.attn_q.weight", 96), Zeros("blk.0.attn_k.weight", 33), Zeros("output.weight", 96)];
        GgufWriter.Write(odd, [], tensors);
        using GgufReader source = GgufReader.Open(odd);
        Dictionary<string, TensorType> types = new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q4_K_M") }).Plan.ToDictionary(pair => pair.To.Name, pair => pair.To.Type);
        Assert.Equal(TensorType.Q5_0, types["blk.0.attn_q.weight"]);
        Assert.Equal(TensorType.F16, types["blk.0.attn_k.weight"]);
        Assert.Equal(TensorType.Q8_0, types["output.weight"]);

        static TensorContent Zeros(string name, int columns) => new(new TensorInfo(name, TensorType.F32, [2, columns], 8 * columns), stream => stream.Write(new byte[8 * columns]));
    }

    [Fact]
    public void An_importance_matrix_lowers_the_error_where_it_matters()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        var random = new Random(2);
        float[] squares = [.. Enumerable.Range(0, 256).Select(_ => (float)Math.Exp(3 * random.NextDouble()))];
        var matrix = new ImportanceMatrix("test.imatrix", new Dictionary<string, ImportanceEntry> { ["blk.0.attn_q.weight"] = new(squares, 1) }, ["text"], 3, 512);
        var options = new QuantizeOptions { FileType = FileType.Parse("Q4_K_M") };
        Assert.InRange(Error(options with { Importance = matrix }), 0, 0.97 * Error(options));

        double Error(QuantizeOptions chosen)
        {
            string path = Path.Combine(folder, $"{Guid.NewGuid():N}.gguf");
            new Quantizer(source, chosen).Write(path, cancellationToken: TestContext.Current.CancellationToken);
            using GgufReader result = GgufReader.Open(path);
            float[] before = Values(source), after = Values(result);
            return before.Select((value, i) => (double)squares[i % 256] * (value - after[i]) * (value - after[i])).Sum();
        }

        static float[] Values(GgufReader reader)
        {
            TensorInfo info = reader.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight");
            var values = new float[info.ElementCount];
            BlockFormat.Of(info.Type).Decode(reader.View(info).RowRange(0, info.Rows), values);
            return values;
        }
    }

    [Fact]
    public void An_importance_matrix_of_another_model_is_refused()
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        var matrix = new ImportanceMatrix("other.imatrix", new Dictionary<string, ImportanceEntry> { ["blk.0.attn_q.weight"] = new(new float[512], 1) }, [], 0, 0);
        var failure = Assert.Throws<CriaException>(() => new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q4_K_M"), Importance = matrix }));
        Assert.Contains("has 512 columns but the model's has 256", failure.Message, StringComparison.Ordinal);
    }

    private sealed class Collect(List<TensorProgress> reports) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => reports.Add(value);
    }

    private sealed class CancelAt(CancellationTokenSource source) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => source.Cancel();
    }
}
