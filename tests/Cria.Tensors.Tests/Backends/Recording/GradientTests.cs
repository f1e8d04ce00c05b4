using Cria.Tensors.Backends;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Kernels;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Backends.Recording;

/// <summary>Every operation's gradient against the slope of the loss itself, measured by moving one number a little to both sides.</summary>
public sealed unsafe class GradientTests : IDisposable
{
    private const int Vocabulary = 80, Width = 64;

    private readonly List<NativeBuffer> buffers = [];
    private readonly Random random = new(11);

    public static TheoryData<string, string> OperationsOnLevels()
    {
        var data = new TheoryData<string, string>();
        foreach (string operation in new[] { "embed", "norm", "product", "adapter", "rope", "attention", "attention of narrow heads", "gate", "sum with itself", "rows" })
        {
            data.Add(operation, Cpu.Highest.ToString());
            if (operation is "norm" or "attention" or "gate") data.Add(operation, nameof(CpuLevel.Portable));
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(OperationsOnLevels))]
    public void Gradients_are_the_slopes_of_the_loss(string operation, string level)
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 2 }, Enum.Parse<CpuLevel>(level));
        Parameter table = New(backend, "table", Vocabulary, Width), second = New(backend, "second", Vocabulary, Width), third = New(backend, "third", Vocabulary, Width);
        Parameter gain = New(backend, "gain", 1, Width), square = New(backend, "square", Width, Width), tall = New(backend, "tall", 48, Width), wide = New(backend, "wide", 48, Width), back = New(backend, "back", Width, 48);
        Parameter output = New(backend, "output", 37, Width);
        if (operation == "adapter")
        {
            LowRankAdapter adapter = backend.Adapt(square, 9, scale: 0.5f, dropout: 0.25f);
            for (int row = 0; row < adapter.Rank; row++) Fill(adapter.Down.Row(row), 0.5f);
            for (int row = 0; row < Width; row++) Fill(adapter.Up.Row(row)[..adapter.Rank], 0.5f);
        }
        // Long enough that attention has several blocks, the last one short; with a token that comes twice.
        int[] tokens = [.. Enumerable.Range(0, 75), 3, 4, 5];
        int headSize = operation == "attention of narrow heads" ? 16 : 32;
        using KvPool pool = backend.CreateKvPool(new KvLayout(1, 1, headSize, TensorType.F32), 0);
        long[] positions = [.. Enumerable.Range(0, tokens.Length).Select(i => i < 70 ? i : i - 70L)];

        double Loss()
        {
            backend.BeginStep();
            backend.DropoutSeed = 5;
            Tensor x = backend.Embed(table, tokens);
            Tensor y = operation switch
            {
                "norm" => backend.RmsNorm(x, gain, 1e-5f),
                "product" or "adapter" => backend.MatMul(x, square),
                "rope" => backend.Rope(backend.Add(x, x), backend.RopeAngles([1, 0.3, 0.1, 0.03], 1.2, positions), 8),
                "attention" or "attention of narrow heads" => Attention(x),
                "gate" => backend.MatMul(backend.SwiGlu(x, tall, wide), back),
                "sum with itself" => backend.Add(backend.Add(x, backend.MatMul(x, square)), x),
                "rows" => backend.Rows(x, [7, 7, 0, 12]),
                _ => x,
            };
            return backend.CrossEntropy(y, output, [.. Enumerable.Range(0, y.Rows).Select(i => i * 5 % 37)], 1);
        }

        Tensor Attention(Tensor x)
        {
            // One key-value head for all query heads.
            Tensor k = Narrow(backend.Embed(second, tokens)), v = Narrow(backend.Embed(third, tokens));
            return backend.Attention(x, k, v, pool, 0, [new AttentionSlice(0, 70, 0, []), new AttentionSlice(70, tokens.Length - 70, 0, [])]);
        }

        Parameter narrow = New(backend, "narrow", headSize, Width);
        Tensor Narrow(Tensor x) => backend.MatMul(x, narrow);

        Loss();
        backend.Backward();
        if (square.Adapter is { } padded)
        {
            // What pads the factors gets no gradient, so it stays zero.
            for (int row = padded.Rank; row < padded.Down.Rows; row++) Assert.All(padded.Down.GradientRow(row).ToArray(), value => Assert.Equal(0, value));
            for (int row = 0; row < Width; row++) Assert.All(padded.Up.GradientRow(row)[padded.Rank..].ToArray(), value => Assert.Equal(0, value));
        }
        float[][] gradients = [.. backend.Parameters.Select(parameter => Enumerable.Range(0, parameter.Rows).SelectMany(row => parameter.GradientRow(row).ToArray()).ToArray())];
        backend.IsRecording = operation == "adapter";
        int checkedCount = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            float largest = gradients[i].Max(MathF.Abs);
            if (largest == 0) continue;
            Parameter parameter = backend.Parameters[i];
            // Of a table only the rows looked up have a gradient.
            int[] reached = [.. Enumerable.Range(0, gradients[i].Length).Where(at => gradients[i][at] != 0)];
            for (int trial = 0; trial < 6; trial++)
            {
                int at = reached[random.Next(reached.Length)];
                ref float value = ref parameter.Row(at / parameter.Columns)[at % parameter.Columns];
                float before = value;
                const float Move = 1e-2f;
                value = before + Move;
                double above = Loss();
                value = before - Move;
                double below = Loss();
                value = before;
                double slope = (above - below) / (2 * Move);
                Assert.True(Math.Abs(slope - gradients[i][at]) <= 0.01 * largest + 1e-4, $"{operation}: the gradient of {parameter.Name}[{at}] is {gradients[i][at]} where the slope is {slope}");
                checkedCount++;
            }
        }
        Assert.True(checkedCount >= 12);
    }

    [Fact]
    public void Frozen_weights_keep_their_memory_and_get_no_gradient()
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1, IsTrained = name => name != "square" });
        Parameter table = New(backend, "table", Vocabulary, Width), square = New(backend, "square", Width, Width), output = New(backend, "output", 37, Width);
        backend.BeginStep();
        backend.CrossEntropy(backend.MatMul(backend.Embed(table, [1, 2]), square), output, [3, 4], 1);
        backend.Backward();
        Assert.True(square.IsFrozen);
        Assert.True(square.GradientRow(0).ToArray().All(value => value == 0));
        Assert.Contains(table.GradientRow(1).ToArray(), value => value != 0);
    }

    [Fact]
    public void A_steady_state_allocates_nothing()
    {
        using RecordingBackend backend = RecordingBackend.Create(new RecordingOptions { Threads = 1 });
        Parameter table = New(backend, "table", Vocabulary, Width), square = New(backend, "square", Width, Width), output = New(backend, "output", 37, Width);
        int[] tokens = [1, 2, 3], targets = [4, 5, 6];
        void Step()
        {
            backend.BeginStep();
            Tensor x = backend.Embed(table, tokens);
            backend.CrossEntropy(backend.Add(x, backend.MatMul(x, square)), output, targets, 1);
            backend.Backward();
        }
        for (int i = 0; i < 3; i++) Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5; i++) Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in buffers) buffer.Dispose();
    }

    private Parameter New(RecordingBackend backend, string name, int rows, int columns)
    {
        var buffer = new NativeBuffer(4L * rows * columns);
        buffers.Add(buffer);
        var parameter = (Parameter)backend.Upload(name, new TensorView(TensorType.F32, rows, columns, buffer.Data, buffer.ByteCount));
        Fill(parameter);
        return parameter;
    }

    private void Fill(Parameter parameter)
    {
        for (int row = 0; row < parameter.Rows; row++) Fill(parameter.Row(row), parameter.Name is "table" or "second" or "third" ? 2 : 0.5f, parameter.IsVector ? 1 : 0);
    }

    private void Fill(Span<float> values, float spread, float mean = 0)
    {
        for (int i = 0; i < values.Length; i++) values[i] = mean + (random.NextSingle() - 0.5f) * spread;
    }
}
