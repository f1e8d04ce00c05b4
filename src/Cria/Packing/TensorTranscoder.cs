using System.Numerics;
using System.Runtime.InteropServices;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// Writes one tensor in another type: a batch of rows is decoded and encoded on all threads while the batch before it is written.
/// </summary>
/// <remarks>
/// <c>placeOf</c>, where given, says which row of the source becomes a row of the result. <c>rowScales</c> gets the scales where the result is of bytes with one scale a row,
/// and says what its columns are multiplied by.
/// </remarks>
internal sealed class TensorTranscoder(string file, TensorView view, TensorInfo from, TensorInfo to, ReadOnlyMemory<float> importance, int threads, Func<long, long>? placeOf = null, RowScales? rowScales = null)
{
    // Pieces are small enough for a core's cache, batches large enough that threads seldom wait for each other.
    private const int PieceElements = 1 << 16;
    private const int PiecesPerThread = 4;
    private const int LeastPieces = 64;

    private readonly BlockFormat encoder = BlockFormat.Of(to.Type);
    private readonly int threadCount = threads > 0 ? threads : Environment.ProcessorCount;

    /// <summary>Writes the tensor; <paramref name="written"/> hears how many elements each batch had.</summary>
    public void Write(Stream stream, Action<long> written, CancellationToken cancellationToken)
    {
        long pieceRows = Math.Max(1, PieceElements / view.Columns);
        long batchRows = pieceRows * Math.Max(LeastPieces, PiecesPerThread * threadCount);
        int rowBytes = checked((int)encoder.RowBytes(view.Columns));
        Task writing = Task.CompletedTask;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threadCount, CancellationToken = cancellationToken };
        byte[] current = NewBatch(), other = view.Rows > batchRows ? NewBatch() : [];
        try
        {
            for (long first = 0; first < view.Rows; first += batchRows)
            {
                long rows = Math.Min(batchRows, view.Rows - first);
                byte[] batch = current;
                int pieces = (int)((rows + pieceRows - 1) / pieceRows);
                long start = first;
                Parallel.For(0, pieces, parallel, piece =>
                {
                    long begin = piece * pieceRows;
                    int count = (int)Math.Min(pieceRows, rows - begin);
                    Encode(start + begin, count, batch.AsSpan(checked((int)(begin * rowBytes)), count * rowBytes));
                });
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => stream.Write(batch, 0, checked((int)(rows * rowBytes))), CancellationToken.None);
                written(rows * view.Columns);
                (current, other) = (other, current);
            }
        }
        catch (AggregateException failure) when (failure.InnerException is not null)
        {
            throw failure.InnerException is CriaException line ? new CriaException(line.Message, line) : failure;
        }
        finally
        {
            // The stream must not be written any more when the caller goes on.
            writing.ContinueWith(static task => task.Exception, TaskScheduler.Default).GetAwaiter().GetResult();
        }
        writing.GetAwaiter().GetResult();

        byte[] NewBatch() => GC.AllocateUninitializedArray<byte>(checked((int)(Math.Min(batchRows, view.Rows) * rowBytes)));
    }

    private void Encode(long first, int rows, Span<byte> bytes)
    {
        if (placeOf is null)
        {
            Encode(first, first, rows, bytes);
            return;
        }
        int rowBytes = bytes.Length / rows;
        for (int i = 0; i < rows; i++) Encode(placeOf(first + i), first + i, 1, bytes.Slice(i * rowBytes, rowBytes));
    }

    private void Encode(long place, long first, int rows, Span<byte> bytes)
    {
        ReadOnlySpan<byte> stored = view.RowRange(place, rows);
        if (from.Type == to.Type && rowScales?.Columns is null)
        {
            stored.CopyTo(bytes);
            for (int i = 0; rowScales is not null && i < rows; i++) rowScales.Values[first + i] = view.RowScale(place + i);
            return;
        }
        if (from.Type == TensorType.F32 && rowScales?.Columns is null)
        {
            Encode(MemoryMarshal.Cast<byte, float>(stored), first, bytes);
            return;
        }
        float[] values = System.Buffers.ArrayPool<float>.Shared.Rent(rows * view.Columns);
        Span<float> decoded = values.AsSpan(0, rows * view.Columns);
        view.Decode(place, rows, decoded);
        rowScales?.Multiply(decoded);
        Encode(decoded, first, bytes);
        System.Buffers.ArrayPool<float>.Shared.Return(values);
    }

    private void Encode(ReadOnlySpan<float> values, long first, Span<byte> bytes)
    {
        // Floats of 16 bits can say infinity and NaN themselves; integers under a scale cannot.
        if (encoder.IsQuantized && FirstBad(values) is int bad and >= 0)
            throw new CriaException($"{file}: {from.Name} has a weight that is {values[bad]} in row {first + bad / view.Columns}; the model is damaged, download or convert it again");
        if (rowScales is null) encoder.Encode(values, bytes, importance.Span);
        else rowScales.Encode(values, first, view.Columns, bytes);
    }

    /// <summary>Where the first infinity or NaN is; −1 when there is none.</summary>
    private static int FirstBad(ReadOnlySpan<float> values)
    {
        // Infinity and NaN are the numbers whose difference from themselves is not zero.
        int i = 0;
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            var lanes = new Vector<float>(values[i..]);
            if (!Vector.EqualsAll(lanes - lanes, Vector<float>.Zero)) break;
        }
        for (; i < values.Length; i++)
            if (!float.IsFinite(values[i])) return i;
        return -1;
    }
}
