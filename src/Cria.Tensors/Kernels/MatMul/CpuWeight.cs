using System.Buffers;
using Cria.Tensors.Backends;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// A weight on the CPU: the stored bytes where they lie, most often in the mapped file. Only rows beyond the last whole 16 are copied, padded with zero rows,
/// because kernels read 16 rows at a time. The place may change between two steps, to one with the same rows.
/// </summary>
internal sealed unsafe class CpuWeight : Weight, IDisposable
{
    private readonly NativeBuffer? tail, scales;
    private readonly MappedFile? file;
    private Place place;

    public CpuWeight(string name, TensorView view, MatMulKernel kernel) : base(name, view.Type, checked((int)view.Rows), view.Columns)
    {
        place = new Place(view.Data, view.IsInterleaved);
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
        Buffer.MemoryCopy(view.Data + (Rows - rest) * RowBytes, tail.Data, tail.ByteCount, rest * RowBytes);
    }

    /// <summary>First byte of row 0.</summary>
    public byte* Data => place.Data;

    /// <summary>True when whole groups of 16 rows lie side by side (<see cref="InterleavedRows"/>).</summary>
    public bool IsInterleaved => place.IsInterleaved;

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

    /// <summary>Panels that are not padded: their rows follow one another.</summary>
    public int WholePanels => Rows / 16;

    /// <summary>A panel's 16 rows.</summary>
    public RowPanel Panel(int panel)
    {
        if (tail is not null && panel == Panels - 1) return new RowPanel(tail.Data, isInterleaved: false);
        Place now = place;
        return new RowPanel(now.Data + panel * 16L * RowBytes, now.IsInterleaved);
    }

    /// <summary>The values of one row [columns].</summary>
    public void DecodeRow(int row, Span<float> values)
    {
        Place now = place;
        if (Format.HasRowScales) I8.DecodeRow(new ReadOnlySpan<byte>(now.Data + row * RowBytes, (int)RowBytes), RowScales[row], values);
        else if (!now.IsInterleaved) Format.Decode(new ReadOnlySpan<byte>(now.Data + row * RowBytes, (int)RowBytes), values);
        else
        {
            byte[] bytes = ArrayPool<byte>.Shared.Rent((int)RowBytes);
            Span<byte> blocks = bytes.AsSpan(0, (int)RowBytes);
            InterleavedRows.RestoreRows(Format, now.Data, Rows, row, (int)RowBytes, blocks);
            Format.Decode(blocks, values);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Copies the rows of some panels to their places in <paramref name="target"/> [<see cref="ByteCount"/>], in the layout that the product wants. Several threads may copy at once.</summary>
    public void CopyPanels(int first, int count, byte* target)
    {
        Place from = place;
        long blocks = Columns / Format.BlockSize;
        for (int panel = first; panel < first + count; panel++)
        {
            long at = panel * 16L * RowBytes, bytes = Math.Min(16 * RowBytes, ByteCount - at);
            if (bytes < 16 * RowBytes || Kernel.WantsInterleaved == from.IsInterleaved) Buffer.MemoryCopy(from.Data + at, target + at, bytes, bytes);
            else if (from.IsInterleaved) InterleavedRows.Restore(Format, from.Data + at, blocks, target + at, RowBytes);
            else InterleavedRows.Interleave(Format, from.Data + at, RowBytes, blocks, target + at);
        }
    }

    /// <summary>Reads from where all panels were copied to, from now on. What lay in a mapped file is given back to the system.</summary>
    public void ReadFrom(byte* target)
    {
        Place before = place;
        place = new Place(target, Kernel.WantsInterleaved);
        file?.Forget(before.Data, ByteCount);
    }

    public void Dispose()
    {
        tail?.Dispose();
        scales?.Dispose();
    }

    /// <summary>Where rows lie and how.</summary>
    private sealed class Place(byte* data, bool isInterleaved)
    {
        public byte* Data { get; } = data;

        public bool IsInterleaved { get; } = isInterleaved;
    }
}
