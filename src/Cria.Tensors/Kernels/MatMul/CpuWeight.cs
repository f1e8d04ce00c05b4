using Cria.Tensors.Backends;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// A weight on the CPU: the stored bytes where they lie, most often in the mapped file. Only rows beyond the last whole 16 are copied, padded with zero rows,
/// because kernels read 16 rows at a time.
/// </summary>
internal sealed unsafe class CpuWeight : Weight, IDisposable
{
    private readonly NativeBuffer? tail, scales;
    private readonly MappedFile? file;
    private nint data;

    public CpuWeight(string name, TensorView view, MatMulKernel kernel) : base(name, view.Type, checked((int)view.Rows), view.Columns)
    {
        data = (nint)view.Data;
        file = view.File;
        RowBytes = view.RowBytes;
        Kernel = kernel;
        Format = BlockFormat.Of(view.Type);
        if (view.RowScales != null)
        {
            scales = new NativeBuffer(Panels * 16L * sizeof(float));
            new ReadOnlySpan<float>(view.RowScales, Rows).CopyTo(new Span<float>((float*)scales.Data, Rows));
        }
        int rest = Rows % 16;
        if (rest == 0) return;
        tail = new NativeBuffer(16 * RowBytes);
        Buffer.MemoryCopy(Data + (Rows - rest) * RowBytes, tail.Data, tail.ByteCount, rest * RowBytes);
    }

    /// <summary>First byte of row 0. It may change between two reads, to a place with the same bytes.</summary>
    public byte* Data => (byte*)Volatile.Read(ref data);

    /// <summary>True when the rows lie in a mapped file.</summary>
    public bool IsMapped => file is { IsMapped: true };

    /// <summary>Bytes of all rows.</summary>
    public long ByteCount => Rows * RowBytes;

    /// <summary>Block layout.</summary>
    public BlockFormat Format { get; }

    /// <summary>Bytes from row to row.</summary>
    public long RowBytes { get; }

    /// <summary>A scale for each row, 0 beyond the last [16 · panels]; null unless the type has them.</summary>
    public float* RowScales => (float*)(scales is null ? null : scales.Data);

    /// <summary>The product this type and CPU level use.</summary>
    public MatMulKernel Kernel { get; }

    /// <summary>Pairs of low-rank factors whose products are added, to every row or to those that take their set: down [rank, columns] and up [rows, rank].</summary>
    public List<(int Set, CpuWeight Down, CpuWeight Up)> LowRank { get; } = [];

    /// <summary>16-row panels, the padded one included.</summary>
    public int Panels => (Rows + 15) / 16;

    /// <summary>First byte of a panel's first row.</summary>
    public byte* Panel(int panel) => tail is not null && panel == Panels - 1 ? tail.Data : Data + panel * 16L * RowBytes;

    /// <summary>Copies the rows to a buffer, reads them from there from now on, and returns it. Steps may run meanwhile.</summary>
    public NativeBuffer MoveTo(NativeBuffer buffer)
    {
        byte* before = Data;
        Buffer.MemoryCopy(before, buffer.Data, buffer.ByteCount, ByteCount);
        Volatile.Write(ref data, (nint)buffer.Data);
        file?.Forget(before, ByteCount);
        return buffer;
    }

    public void Dispose()
    {
        tail?.Dispose();
        scales?.Dispose();
    }
}
