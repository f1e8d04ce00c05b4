using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Attention;

namespace Cria.Tensors.Backends.Recording;

/// <summary>
/// Attention whose keys and values lie on several ranks (ring attention, arXiv 2310.01889): they travel around the ring while this rank's queries meet those that are here, and on the way
/// back the gradients of keys and values travel one step behind them, gathering what each rank adds. Before, ranks of one place exchange tokens for heads (arXiv 2309.14509).
/// </summary>
internal sealed unsafe partial class RecordingBackend<T>
{
    private Tensor SharedAttention(ISequenceRanks ranks, Tensor q, Tensor k, Tensor v, int headSize)
    {
        int shares = ranks.HeadShares;
        if (shares > 1) (q, k, v) = (ToHeads(q), ToHeads(k), ToHeads(v));
        var logSums = Memory.Take<float>((long)q.Rows * (q.Columns / headSize));
        Tensor y = Do(new Record { Operation = Operation.Attention, X = q, Z = k, V = v, Y = New(q.Rows, q.Columns), Size = headSize, LogSums = logSums });
        return shares == 1 ? y : Do(new Record { Operation = Operation.ToTokens, X = y, Y = New(y.Rows / shares, y.Columns * shares), Size = shares });

        Tensor ToHeads(Tensor x) => Do(new Record { Operation = Operation.ToHeads, X = x, Y = New(x.Rows * shares, x.Columns / shares), Size = shares });
    }

    /// <summary>Rows [tokens, features] of which every rank of the place has some, to [all tokens, this rank's share of the features].</summary>
    private void SpreadHeads(Tensor x, float* y, int shares)
    {
        (int Block, long Used) mark = arena.Mark();
        int width = x.Columns / shares;
        float* send = arena.Take<float>((long)x.Rows * x.Columns), next = send;
        for (int share = 0; share < shares; share++)
        {
            for (int row = 0; row < x.Rows; row++, next += width) new Span<float>(x.Row(row) + share * width, width).CopyTo(new Span<float>(next, width));
        }
        Ranks!.Exchange(Values(send, x), new Span<float>(y, x.Rows * x.Columns));
        arena.Release(mark);
    }

    /// <summary>The way back from <see cref="SpreadHeads"/>.</summary>
    private void SpreadTokens(Tensor x, float* y, int shares)
    {
        (int Block, long Used) mark = arena.Mark();
        int rows = x.Rows / shares, columns = x.Columns * shares;
        float* received = arena.Take<float>((long)x.Rows * x.Columns), next = received;
        Ranks!.Exchange(Values(x.Data, x), Values(received, x));
        for (int share = 0; share < shares; share++)
        {
            for (int row = 0; row < rows; row++, next += x.Columns) new Span<float>(next, x.Columns).CopyTo(new Span<float>(y + (long)row * columns + share * x.Columns, x.Columns));
        }
        arena.Release(mark);
    }

    private void RingForward(ISequenceRanks ranks, in Record record)
    {
        Tensor k = record.Z, v = record.V;
        long size = (long)k.Rows * k.Columns;
        // Rows that belong to no document are met by no key.
        NativeMemory.Clear(record.Y.Data, (nuint)((long)record.Y.Rows * record.Y.Columns * sizeof(float)));
        (int Block, long Used) mark = arena.Mark();
        float*[] arriving = new float*[2];
        for (int step = 0; step < ranks.Places; step++)
        {
            bool isLast = step == ranks.Places - 1;
            if (!isLast && arriving[step % 2] == null) arriving[step % 2] = arena.Take<float>(2 * size);
            Tensor nextKeys = new(arriving[step % 2], k.Rows, k.Columns), nextValues = new(arriving[step % 2] + size, k.Rows, k.Columns);
            (int keys, int values) = isLast ? default : (ranks.BeginShift(Values(k.Data, k), Values(nextKeys.Data, k)), ranks.BeginShift(Values(v.Data, v), Values(nextValues.Data, v)));
            attention.Begin(record.X, k, v, record.Y, record.LogSums, record.Size, continues: step > 0, ranks.Places > 1 ? ranks.Progress : null);
            AddSpans(ranks, (ranks.Place - step + ranks.Places) % ranks.Places);
            workers.Run(attention);
            if (isLast) break;
            ranks.EndShift(keys);
            ranks.EndShift(values);
            (k, v) = (nextKeys, nextValues);
        }
        arena.Release(mark);
    }

    private void RingBackward(ISequenceRanks ranks, in Record record, float* dy, float* dq, float* dk, float* dv)
    {
        Tensor q = record.X, k = record.Z, v = record.V;
        long size = (long)k.Rows * k.Columns;
        nuint bytes = (nuint)(size * sizeof(float));
        NativeMemory.Clear(dq, (nuint)((long)q.Rows * q.Columns * sizeof(float)));
        (int Block, long Used) mark = arena.Mark();
        bool isAlone = ranks.Places == 1;
        float*[] arriving = new float*[2];
        // Two gradients: one is on its way while the next is computed.
        float*[] parts = isAlone ? new float*[] { dk, dk } : new float*[] { arena.Take<float>(2 * size), arena.Take<float>(2 * size) };
        float* gathered = isAlone ? null : arena.Take<float>(2 * size);
        int travelling = -1;
        for (int step = 0; step < ranks.Places; step++)
        {
            bool isLast = step == ranks.Places - 1;
            if (!isLast && arriving[step % 2] == null) arriving[step % 2] = arena.Take<float>(2 * size);
            Tensor nextKeys = new(arriving[step % 2], k.Rows, k.Columns), nextValues = new(arriving[step % 2] + size, k.Rows, k.Columns);
            (int keys, int values) = isLast ? default : (ranks.BeginShift(Values(k.Data, k), Values(nextKeys.Data, k)), ranks.BeginShift(Values(v.Data, v), Values(nextValues.Data, v)));
            float* keyPart = parts[step % 2], valuePart = isAlone ? dv : keyPart + size;
            NativeMemory.Clear(keyPart, bytes);
            NativeMemory.Clear(valuePart, bytes);
            attention.Begin(q, k, v, record.Y, record.LogSums, record.Size, continues: false, isAlone ? null : ranks.Progress);
            attention.BeginBackward(dy, dq, keyPart, valuePart);
            AddSpans(ranks, (ranks.Place - step + ranks.Places) % ranks.Places);
            workers.Run(attention);
            if (isAlone) break;
            if (step > 0)
            {
                ranks.EndShift(travelling);
                workers.Run(stretch.Add(new Tensor(keyPart, k.Rows, k.Columns), new Tensor(gathered, k.Rows, k.Columns), keyPart));
                workers.Run(stretch.Add(new Tensor(valuePart, k.Rows, k.Columns), new Tensor(gathered + size, k.Rows, k.Columns), valuePart));
            }
            travelling = ranks.BeginShift(new Span<float>(keyPart, checked((int)(2 * size))), new Span<float>(gathered, checked((int)(2 * size))));
            if (isLast) break;
            ranks.EndShift(keys);
            ranks.EndShift(values);
            (k, v) = (nextKeys, nextValues);
        }
        if (!isAlone)
        {
            // The last shift has brought this rank's own back to it.
            ranks.EndShift(travelling);
            NativeMemory.Copy(gathered, dk, bytes);
            NativeMemory.Copy(gathered + size, dv, bytes);
        }
        arena.Release(mark);
    }

    /// <summary>
    /// What of the keys at <paramref name="place"/> this rank's queries see: stretches of one document do not overlap, so a query sees all of an earlier stretch, its own up to itself,
    /// and nothing of a later one.
    /// </summary>
    private void AddSpans(ISequenceRanks ranks, int place)
    {
        IReadOnlyList<SequenceSpan> queries = Spans[ranks.Place], keys = Spans[place];
        var parts = new List<AttentionPart>();
        int firstKey = 0;
        for (int first = 0; first < queries.Count;)
        {
            int document = queries[first].Document, end = first;
            while (end < queries.Count && queries[end].Document == document) end++;
            while (firstKey < keys.Count && keys[firstKey].Document < document) firstKey++;
            parts.Clear();
            for (int i = first; i < end; i++)
            {
                for (int j = firstKey; j < keys.Count && keys[j].Document == document; j++)
                {
                    if (keys[j].Position > queries[i].Position) break;
                    parts.Add(new AttentionPart(new DocumentRows(queries[i].Row, queries[i].Count), new DocumentRows(keys[j].Row, keys[j].Count), keys[j].Position == queries[i].Position));
                }
            }
            if (parts.Count > 0) attention.Add(CollectionsMarshal.AsSpan(parts));
            first = end;
        }
    }

    private static Span<float> Values(float* data, Tensor shape) => new(data, checked(shape.Rows * shape.Columns));
}
