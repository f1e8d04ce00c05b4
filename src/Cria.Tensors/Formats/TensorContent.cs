using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats;

/// <summary>A tensor to be written to a file: what it is, and how its bytes come when their turn is there.</summary>
/// <param name="Info">Name, type and shape; <see cref="TensorInfo.ByteCount"/> bytes must come.</param>
/// <param name="Write">Writes the bytes to the stream it is given, which is at their place in the file.</param>
public sealed record TensorContent(TensorInfo Info, Action<Stream> Write)
{
    // Pieces keep a mapped file's pages from being counted twice, once mapped and once in a huge write.
    private const int PieceBytes = 16 << 20;

    /// <summary>True when the bytes come with 16 rows side by side (<see cref="InterleavedRows"/>), which a GGUF file then says of them.</summary>
    internal bool IsInterleaved { get; init; }

    /// <summary>The bytes of a tensor that lies in another file, its rows one after another.</summary>
    public static TensorContent From(ITensorSource source, TensorInfo info) => new(info, stream => Copy(source.View(info), stream));

    /// <summary>The same with 16 rows side by side. The format must be one that <see cref="InterleavedRows.Supports"/>.</summary>
    internal static TensorContent Interleaved(ITensorSource source, TensorInfo info) => new(info, stream => Interleave(source.View(info), stream)) { IsInterleaved = true };

    private static unsafe void Copy(TensorView view, Stream stream)
    {
        if (view.IsInterleaved)
        {
            long rows = PieceRows(view);
            for (long row = 0; row < view.Rows; row += rows) stream.Write(view.RowRange(row, Math.Min(rows, view.Rows - row)));
            return;
        }
        for (long done = 0; done < view.ByteCount;)
        {
            int piece = (int)Math.Min(PieceBytes, view.ByteCount - done);
            stream.Write(new ReadOnlySpan<byte>(view.Data + done, piece));
            done += piece;
        }
    }

    private static unsafe void Interleave(TensorView view, Stream stream)
    {
        BlockFormat format = BlockFormat.Of(view.Type);
        long pieceRows = PieceRows(view);
        using var piece = new NativeBuffer(Math.Min(pieceRows, view.Rows) * view.RowBytes);
        for (long row = 0; row < view.Rows; row += pieceRows)
        {
            long rows = Math.Min(pieceRows, view.Rows - row), grouped = rows / InterleavedRows.Count * InterleavedRows.Count;
            ReadOnlySpan<byte> plain = view.RowRange(row, rows);
            fixed (byte* start = plain)
            {
                for (long first = 0; first < grouped; first += InterleavedRows.Count)
                    InterleavedRows.Interleave(format, start + (first * view.RowBytes), view.RowBytes, view.Columns / format.BlockSize, piece.Data + (first * view.RowBytes));
            }
            stream.Write(new ReadOnlySpan<byte>(piece.Data, (int)(grouped * view.RowBytes)));
            stream.Write(plain[(int)(grouped * view.RowBytes)..]);
        }
    }

    /// <summary>Rows of a piece, in whole groups.</summary>
    private static long PieceRows(TensorView view) => Math.Max(1, PieceBytes / (InterleavedRows.Count * view.RowBytes)) * InterleavedRows.Count;
}
