using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Tests.Backends;

public sealed unsafe class WeightPlacementTests : IDisposable
{
    private const int Rows = 2048, Columns = 2048;

    private readonly string path = Path.Combine(Path.GetTempPath(), $"cria-weights-{Guid.NewGuid():N}");
    private readonly byte[] stored;
    private readonly float[] x = new float[Columns];

    public WeightPlacementTests()
    {
        var format = BlockFormat.Of(TensorType.Q8_0);
        var random = new Random(5);
        var values = new float[Rows * Columns];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        values.AsSpan(0, Columns).CopyTo(x);
        stored = new byte[Rows * format.RowBytes(Columns)];
        format.Encode(values, stored);
        File.WriteAllBytes(path, stored);
    }

    public void Dispose() => File.Delete(path);

    [Fact]
    public void A_moved_weight_is_read_where_it_was_moved_to()
    {
        using var memory = new NativeBuffer(stored.Length);
        stored.CopyTo(new Span<byte>(memory.Data, stored.Length));
        using CpuBackend backend = CpuBackend.Create(2, Cpu.Level);
        var weight = (CpuWeight)backend.Upload("w", View(memory.Data, null));
        float[] before = Product(backend, weight);
        using NativeBuffer elsewhere = NativeBuffer.Unset(stored.Length);
        weight.CopyPanels(0, weight.Panels, elsewhere.Data);
        weight.ReadFrom(elsewhere.Data);
        new Span<byte>(memory.Data, stored.Length).Clear();
        Assert.Equal(before, Product(backend, weight));
        Assert.Contains(before, value => value != 0);
    }

    [Fact]
    public void Weights_of_a_mapped_file_move_where_there_are_large_pages_and_others_stay()
    {
        using MappedFile file = MappedFile.Open(path);
        using var memory = new NativeBuffer(stored.Length);
        stored.CopyTo(new Span<byte>(memory.Data, stored.Length));
        using CpuBackend backend = CpuBackend.Create(2, Cpu.Level);
        CpuWeight mapped = (CpuWeight)backend.Upload("mapped", View(file.Data, file)), made = (CpuWeight)backend.Upload("made", View(memory.Data, null));
        float[] before = Product(backend, mapped);
        backend.Settle();
        Assert.Equal(NativeBuffer.HasHugePages || mapped.Kernel.WantsInterleaved, mapped.Data != file.Data);
        Assert.True(made.Data == memory.Data);
        Assert.Equal(before, Product(backend, mapped));
        Assert.Equal(before, Product(backend, made));
    }

    [Fact]
    public void Small_weights_move_to_a_buffer_they_share_and_the_smallest_stay()
    {
        using MappedFile file = MappedFile.Open(path);
        using CpuBackend backend = CpuBackend.Create(2, Cpu.Level);
        // Half a megabyte each, not all of them whole cache lines, and one of 17 KB.
        CpuWeight[] small = [.. Enumerable.Range(0, 4).Select(i => (CpuWeight)backend.Upload($"small {i}", Part(256 * i, 250 + i)))];
        var tiny = (CpuWeight)backend.Upload("tiny", Part(1024, 8));
        float[][] before = [.. small.Select(weight => Product(backend, weight))];
        backend.Settle();
        for (int i = 0; i < small.Length; i++) Assert.Equal(before[i], Product(backend, small[i]));
        Assert.True(tiny.Data == Place(1024));
        Assert.SkipWhen(small[0].Data == Place(0), "nothing is to be gained on this machine");
        for (int i = 0; i < small.Length; i++)
        {
            Assert.True((nint)small[i].Data % 64 == 0);
            if (i > 0) Assert.InRange(small[i].Data - small[i - 1].Data, small[i - 1].ByteCount, small[i - 1].ByteCount + 63);
        }

        byte* Place(int row) => file.Data + row * BlockFormat.Of(TensorType.Q8_0).RowBytes(Columns);

        TensorView Part(int first, int count) => View(Place(first), file, count);
    }

    [Fact]
    public void Moving_takes_a_ninth_of_the_time_at_most_and_rows_stay_the_same()
    {
        using MappedFile file = MappedFile.Open(path);
        using var workers = new WorkerPool(2);
        using var table = new CpuWeight("table", View(file.Data, file), KernelTable.MatMul(TensorType.Q8_0, Cpu.Level));
        // Each look at this clock takes ten milliseconds, so a piece does.
        var clock = new SlowClock();
        using var placement = new WeightPlacement([table], workers, clock);
        Assert.SkipWhen(placement.IsDone, "nothing is to be gained on this machine");
        float[] expected = Row();
        placement.MoveShare();
        Assert.False(placement.IsDone);
        Assert.True(table.Data == file.Data);
        int shares = 1;
        for (; !placement.IsDone; shares++)
        {
            clock.Now += TimeSpan.FromMilliseconds(40);
            placement.MoveShare();
            Assert.Equal(expected, Row());
        }
        // A piece of 4 MiB and a rest; the first comes at once.
        Assert.InRange(shares, 3, 8);
        Assert.True(table.Data != file.Data);

        float[] Row()
        {
            var row = new float[Columns];
            table.DecodeRow(37, row);
            return row;
        }
    }

    [Fact]
    public void What_a_file_was_told_to_forget_can_still_be_read()
    {
        using (MappedFile file = MappedFile.Open(path))
        {
            file.Forget(file.Data, file.Length);
            Assert.True(file.Span(0, stored.Length).SequenceEqual(stored));
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Forget(file.Data, file.Length + 1));
        }
        // Bytes in memory have no file to be read from again.
        using MappedFile inMemory = MappedFile.FromBytes("bytes", [.. stored]);
        inMemory.Forget(inMemory.Data, inMemory.Length);
        Assert.True(inMemory.Span(0, stored.Length).SequenceEqual(stored));
    }

    private static TensorView View(byte* data, MappedFile? file, int rows = Rows) => new(TensorType.Q8_0, rows, Columns, data, rows * BlockFormat.Of(TensorType.Q8_0).RowBytes(Columns)) { File = file };

    private float[] Product(CpuBackend backend, Weight weight)
    {
        backend.BeginStep();
        fixed (float* data = x) return backend.Read(backend.MatMul(new Tensor(data, 1, Columns), weight), 0).ToArray();
    }

    private sealed class SlowClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => (Now += TimeSpan.FromMilliseconds(10)).Ticks;
    }
}
