using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>
/// c [rows, columns] (+)= a [rows, inner] · b [inner, columns], on all workers. b is packed once into panels of 32 columns; then each piece packs 64 rows of a and
/// meets a share of the panels. The order of additions depends on the shape alone.
/// </summary>
internal sealed unsafe class Gemm : IDisposable
{
    /// <summary>Rows of a piece of work.</summary>
    private const int PieceRows = 64;

    /// <summary>Most units of the inner dimension at a time: a tile's rows stay in the first-level cache, a piece's in the second.</summary>
    private const int MostUnits = 384;

    private readonly WorkerPool workers;
    private readonly GemmKernel kernel;
    private readonly NativeBuffer[] left;
    private readonly PackJob pack;
    private readonly MultiplyJob multiply;
    private NativeBuffer right = new(64);

    private GemmOperand a, b;
    private float* c;
    private long cStride;
    private int rows, columns, inner, panels, unitCount, blockUnits, panelsPerPiece;
    private bool accumulates;

    public Gemm(WorkerPool workers, GemmKernel kernel)
    {
        this.workers = workers;
        this.kernel = kernel;
        left = [.. Enumerable.Range(0, workers.WorkerCount).Select(_ => new NativeBuffer(PieceRows * MostUnits * sizeof(float)))];
        pack = new PackJob(this);
        multiply = new MultiplyJob(this);
    }

    /// <summary>Bytes of packed factors held.</summary>
    public long ScratchBytes => right.ByteCount + left.Sum(buffer => buffer.ByteCount);

    /// <summary>Computes c, <paramref name="resultStride"/> floats from row to row, replacing what is there or adding to it.</summary>
    public void Run(GemmOperand first, GemmOperand second, float* result, long resultStride, int rowCount, int columnCount, int innerCount, bool accumulate)
    {
        if (rowCount == 0 || columnCount == 0) return;
        (a, b, cStride, rows, columns, inner, accumulates) = (first, second, resultStride, rowCount, columnCount, innerCount, accumulate);
        c = result;
        panels = (columns + GemmKernel.Columns - 1) / GemmKernel.Columns;
        unitCount = kernel.IsBrain ? (inner + 1) / 2 : inner;
        int blocks = (unitCount + MostUnits - 1) / MostUnits;
        blockUnits = ((unitCount + blocks - 1) / blocks + 15) / 16 * 16;
        int bands = (rows + PieceRows - 1) / PieceRows;
        int shares = Math.Clamp((4 * workers.WorkerCount + bands - 1) / bands, 1, panels);
        panelsPerPiece = (panels + shares - 1) / shares;
        long bytes = (long)panels * GemmKernel.Columns * unitCount * sizeof(float);
        if (right.ByteCount < bytes)
        {
            right.Dispose();
            right = new NativeBuffer(bytes);
        }
        workers.Run(pack);
        workers.Run(multiply);
    }

    public void Dispose()
    {
        right.Dispose();
        foreach (NativeBuffer buffer in left) buffer.Dispose();
    }

    private int ColumnsOfUnits(int units) => kernel.IsBrain ? 2 * units : units;

    /// <summary>Where a block of units of a panel lies in the packed b: [block, panel, unit, 32].</summary>
    private float* Panel(int panel, int unit, int units) => (float*)right.Data + (long)unit * panels * GemmKernel.Columns + (long)panel * units * GemmKernel.Columns;

    private void PackPanel(int panel)
    {
        int column = panel * GemmKernel.Columns;
        for (int unit = 0; unit < unitCount; unit += blockUnits)
        {
            int units = Math.Min(blockUnits, unitCount - unit), first = ColumnsOfUnits(unit), count = Math.Min(ColumnsOfUnits(units), inner - first);
            for (int half = 0; half < 2; half++)
            {
                int at = column + 16 * half, width = Math.Clamp(columns - at, 0, 16);
                float* target = Panel(panel, unit, units) + 16 * half;
                if (b.Transposed) GemmPacking.AlongSixteen(b.Data + at * b.Stride + first, b.Stride, count, width, target, GemmKernel.Columns, kernel.IsBrain);
                else GemmPacking.Across(b.Data + first * b.Stride + at, b.Stride, count, width, target, GemmKernel.Columns, kernel.IsBrain);
            }
        }
    }

    private void MultiplyPiece(int band, int firstPanel, float* packed)
    {
        int row = band * PieceRows, height = Math.Min(PieceRows, rows - row), lastPanel = Math.Min(panels, firstPanel + panelsPerPiece);
        float* edge = stackalloc float[GemmKernel.Rows * GemmKernel.Columns];
        for (int unit = 0; unit < unitCount; unit += blockUnits)
        {
            int units = Math.Min(blockUnits, unitCount - unit);
            PackLeft(row, height, unit, units, packed);
            bool adds = accumulates || unit > 0;
            for (int panel = firstPanel; panel < lastPanel; panel++)
            {
                int column = panel * GemmKernel.Columns, width = Math.Min(GemmKernel.Columns, columns - column);
                var tile = new GemmTile { B = Panel(panel, unit, units), Count = units, ARowBytes = a.Transposed ? 4 : 4L * units, AUnitBytes = a.Transposed ? 64 : 4 };
                for (int r = 0; r < height; r += GemmKernel.Rows)
                {
                    // Across: panels of 16 rows, two tiles side by side. Along: whole rows.
                    tile.A = a.Transposed ? packed + (long)(r / 16) * 16 * units + r % 16 : packed + (long)r * units;
                    float* result = c + (row + r) * cStride + column;
                    int tall = Math.Min(GemmKernel.Rows, height - r);
                    if (tall == GemmKernel.Rows && width == GemmKernel.Columns)
                    {
                        tile.C = result;
                        tile.CRowBytes = 4 * cStride;
                        kernel.Run(tile, adds);
                        continue;
                    }
                    tile.C = edge;
                    tile.CRowBytes = 4 * GemmKernel.Columns;
                    if (adds) for (int i = 0; i < tall; i++) new Span<float>(result + i * cStride, width).CopyTo(new Span<float>(edge + i * GemmKernel.Columns, width));
                    kernel.Run(tile, adds);
                    for (int i = 0; i < tall; i++) new Span<float>(edge + i * GemmKernel.Columns, width).CopyTo(new Span<float>(result + i * cStride, width));
                }
            }
        }
    }

    private void PackLeft(int row, int height, int unit, int units, float* packed)
    {
        int first = ColumnsOfUnits(unit), count = Math.Min(ColumnsOfUnits(units), inner - first);
        if (a.Transposed)
        {
            for (int i = 0; i < height; i += 16)
                GemmPacking.Across(a.Data + first * a.Stride + row + i, a.Stride, count, Math.Min(16, height - i), packed + (long)i * units, 16, kernel.IsBrain);
            return;
        }
        // Rows beyond the matrix are computed and thrown away; they may hold anything finite or not.
        for (int i = 0; i < height; i++) GemmPacking.Along(a.Data + (row + i) * a.Stride + first, count, packed + (long)i * units, kernel.IsBrain);
    }

    private sealed class PackJob(Gemm gemm) : ParallelJob
    {
        public override void Run(int worker, int workerCount)
        {
            for (int panel = TakeNext(); panel < gemm.panels; panel = TakeNext()) gemm.PackPanel(panel);
        }
    }

    private sealed class MultiplyJob(Gemm gemm) : ParallelJob
    {
        public override void Run(int worker, int workerCount)
        {
            var packed = (float*)gemm.left[worker].Data;
            int bands = (gemm.rows + PieceRows - 1) / PieceRows, shares = (gemm.panels + gemm.panelsPerPiece - 1) / gemm.panelsPerPiece;
            for (int piece = TakeNext(); piece < bands * shares; piece = TakeNext()) gemm.MultiplyPiece(piece / shares, piece % shares * gemm.panelsPerPiece, packed);
        }
    }
}
