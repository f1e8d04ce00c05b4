using System.Runtime.InteropServices;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Gemm;

namespace Cria.Tensors.Backends.Recording;

/// <summary>The way back: for each operation, last first, the gradients of its inputs from that of its result.</summary>
internal sealed unsafe partial class RecordingBackend<T>
{
    private readonly GradientPool gradients = new();

    public override void Backward()
    {
        int scope = scopes.Count - 2;
        for (int i = records.Count - 1; i >= 0; i--)
        {
            if (recomputes && scope >= 0 && i == scopes[scope + 1] - 1)
            {
                Recompute(scopes[scope], scopes[scope + 1]);
                scope -= 2;
            }
            ref Record record = ref CollectionsMarshal.AsSpan(records)[i];
            float* dy = gradients.Of(record.Y);
            if (dy == null) continue;
            switch (record.Operation)
            {
                case Operation.Embed: EmbedBack(record, dy); break;
                case Operation.RmsNorm: RmsNormBack(record, dy); break;
                case Operation.Linear: LinearBack(record, dy); break;
                case Operation.LinearInto: LinearBack(record, dy); continue;
                case Operation.Dropout: workers.Run(stretch.Dropout(new Tensor(dy, record.Y.Rows, record.Y.Columns), gradients.Into(record.X, out bool more), record.Number, (uint)record.Size, more)); break;
                case Operation.Scale: workers.Run(stretch.Scale(new Tensor(dy, record.Y.Rows, record.Y.Columns), gradients.Into(record.X, out bool adds), record.Number, adds)); break;
                case Operation.Rope: workers.Run(stretch.RopeBack(new Tensor(dy, record.Y.Rows, record.Y.Columns), record.Z, record.Size)); continue;
                case Operation.Attention: AttentionBack(record, dy); break;
                case Operation.ToHeads: SpreadTokens(new Tensor(dy, record.Y.Rows, record.Y.Columns), gradients.Into(record.X, out _), record.Size); break;
                case Operation.ToTokens: SpreadHeads(new Tensor(dy, record.Y.Rows, record.Y.Columns), gradients.Into(record.X, out _), record.Size); break;
                case Operation.Gate: GateBack(record, dy); break;
                case Operation.Add: AddBack(record, dy); break;
                case Operation.Rows: RowsBack(record, dy); break;
            }
            gradients.Release(record.Y);
        }
        gradients.Clear();
    }

    public override double CrossEntropy(Tensor x, Weight output, ReadOnlySpan<int> targets, float scale)
    {
        if (targets.Length != x.Rows) throw new ArgumentException($"{targets.Length} targets for {x.Rows} rows", nameof(targets));
        var weight = (Parameter)output;
        (int Block, long Used) mark = arena.Mark();
        int* goals = arena.Take<int>(targets.Length);
        double* losses = arena.Take<double>(targets.Length);
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] >= weight.Rows) throw new CriaException($"token {targets[i]} is outside the vocabulary of {weight.Rows}");
            goals[i] = targets[i];
        }
        float* dx = null;
        if (IsRecording && x.Rows > 0)
        {
            dx = gradients.Into(x, out bool accumulate);
            if (accumulate) throw new InvalidOperationException("the loss is computed once, and first");
        }
        // Logits of a chunk take 16 MiB, or 64 rows.
        int chunk = Math.Max(64, (1 << 22) / weight.Rows / 8 * 8);
        var logits = new Tensor(arena.Take<float>((long)Math.Min(chunk, x.Rows) * weight.Rows), Math.Min(chunk, x.Rows), weight.Rows);
        double sum = 0;
        for (int first = 0; first < x.Rows; first += chunk)
        {
            var part = new Tensor(x.Row(first), Math.Min(chunk, x.Rows - first), x.Columns);
            var scores = new Tensor(logits.Data, part.Rows, weight.Rows);
            Product(part, weight, scores, accumulate: false);
            workers.Run(stretch.CrossEntropy(scores, goals + first, scale, losses + first));
            for (int row = first; row < first + part.Rows; row++) sum += losses[row];
            if (dx == null) continue;
            gemm.Run(GemmOperand.Of(scores), GemmOperand.Of(weight.Values), dx + (long)first * x.Columns, x.Columns, part.Rows, x.Columns, weight.Rows, accumulate: false);
            WeightBack(weight, scores, part);
        }
        arena.Release(mark);
        return sum;
    }

    public override double SquaredGradient(RankShare share)
    {
        double sum = 0;
        foreach (Parameter parameter in Parameters)
        {
            (int first, int count) = share.RowsOf(parameter.Rows);
            if (!parameter.HasGradient || count == 0) continue;
            (int Block, long Used) mark = arena.Mark();
            double* rows = arena.Take<double>(count);
            workers.Run(stretch.Squares(new Tensor(parameter.Gradient + (long)first * parameter.Columns, count, parameter.Columns), rows));
            for (int row = 0; row < count; row++) sum += rows[row];
            arena.Release(mark);
        }
        return sum;
    }

    public override void CompleteGradients()
    {
        foreach (Parameter parameter in Parameters)
        {
            if (parameter.IsFrozen || parameter.HasGradient) continue;
            NativeMemory.Clear(parameter.Gradient, (nuint)(parameter.Count * sizeof(float)));
            parameter.HasGradient = true;
        }
    }

    public override void Step(AdamWState state, double learningRate, double gradientScale)
    {
        state.StepCount++;
        double correction1 = 1 - Math.Pow(state.Beta1, state.StepCount), correction2 = 1 - Math.Pow(state.Beta2, state.StepCount);
        for (int i = 0; i < state.Parameters.Count; i++)
        {
            Parameter parameter = state.Parameters[i];
            if (!parameter.HasGradient) NativeMemory.Clear(parameter.Gradient, (nuint)(parameter.Count * sizeof(float)));
            double decay = parameter.IsVector ? 0 : state.WeightDecay;
            var step = new AdamW.Step((float)(learningRate / correction1), (float)(1 - learningRate * decay), (float)state.Beta1, (float)state.Beta2, (float)(1 / Math.Sqrt(correction2)), (float)state.Epsilon, (float)gradientScale);
            (int first, int count) = state.Share.RowsOf(parameter.Rows);
            long at = (long)first * parameter.Columns;
            if (count > 0) workers.Run(stretch.AdamW(new Tensor(parameter.Data + at, count, parameter.Columns), parameter.Gradient + at, state.MeanData(i), state.SquareData(i), step));
        }
    }

    /// <summary>Computes a scope's tensors again, in the memory they had; its sums are still there.</summary>
    private void Recompute(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            Record record = records[i];
            if (record.Operation != Operation.Add) Run(record);
        }
    }

    private void EmbedBack(in Record record, float* dy)
    {
        Parameter table = record.Weight!;
        if (table.IsFrozen) return;
        int columns = table.Columns;
        if (!table.HasGradient) NativeMemory.Clear(table.Gradient, (nuint)(table.Count * sizeof(float)));
        table.HasGradient = true;
        for (int i = 0; i < record.NumberCount; i++)
            Kernels.Add.Row<T>(table.Gradient + (long)numbers[record.FirstNumber + i] * columns, dy + (long)i * columns, columns);
    }

    private void RmsNormBack(in Record record, float* dy)
    {
        Parameter gain = record.Weight!;
        float* dx = gradients.Into(record.X, out bool accumulate);
        (int Block, long Used) mark = arena.Mark();
        int partials = StretchJob<T>.PartialRows(record.X.Rows), columns = record.X.Columns;
        float* sums = gain.IsFrozen ? null : arena.Take<float>((long)partials * columns);
        workers.Run(stretch.RmsNormBack(record.X, gain.Data, record.Number, dy, dx, accumulate, sums));
        if (sums != null)
        {
            if (!gain.HasGradient) new Span<float>(gain.Gradient, columns).Clear();
            gain.HasGradient = true;
            for (int i = 0; i < partials; i++) Kernels.Add.Row<T>(gain.Gradient, sums + (long)i * columns, columns);
        }
        arena.Release(mark);
    }

    private void LinearBack(in Record record, float* dy)
    {
        Parameter weight = record.Weight!;
        var gradient = new Tensor(dy, record.Y.Rows, record.Y.Columns);
        WeightBack(weight, gradient, record.X);
        float* dx = gradients.Into(record.X, out bool accumulate);
        gemm.Run(GemmOperand.Of(gradient), GemmOperand.Of(weight.Values), dx, weight.Columns, gradient.Rows, weight.Columns, weight.Rows, accumulate);
    }

    /// <summary>dw += dyᵀ · x.</summary>
    private void WeightBack(Parameter weight, Tensor dy, Tensor x)
    {
        if (weight.IsFrozen) return;
        gemm.Run(GemmOperand.TransposeOf(dy), GemmOperand.Of(x), weight.Gradient, weight.Columns, weight.Rows, weight.Columns, x.Rows, weight.HasGradient);
        weight.HasGradient = true;
    }

    private void AttentionBack(in Record record, float* dy)
    {
        float* dq = gradients.Into(record.X, out bool q), dk = gradients.Into(record.Z, out bool k), dv = gradients.Into(record.V, out bool v);
        if (q || k || v) throw new InvalidOperationException("queries, keys and values go to attention alone");
        if (Ranks is { } ranks)
        {
            RingBackward(ranks, record, dy, dq, dk, dv);
            return;
        }
        NativeMemory.Clear(dq, (nuint)((long)record.X.Rows * record.X.Columns * sizeof(float)));
        attention.Begin(record.X, record.Z, record.V, record.Y, record.LogSums, record.Size);
        attention.BeginBackward(dy, dq, dk, dv);
        AddDocuments(record);
        workers.Run(attention);
    }

    private void GateBack(in Record record, float* dy)
    {
        workers.Run(stretch.GateBack(record.X, record.Z, dy));
        gradients.InPlace(record.X);
        gradients.InPlace(record.Z);
    }

    private void AddBack(in Record record, float* dy)
    {
        foreach (Tensor x in (ReadOnlySpan<Tensor>)[record.X, record.Z])
        {
            if (gradients.TryShare(x, record.Y)) continue;
            float* dx = gradients.Into(x, out _);
            workers.Run(stretch.Add(new Tensor(dx, x.Rows, x.Columns), new Tensor(dy, x.Rows, x.Columns), dx));
        }
    }

    private void RowsBack(in Record record, float* dy)
    {
        float* dx = gradients.Into(record.X, out bool accumulate);
        int columns = record.X.Columns;
        if (!accumulate) NativeMemory.Clear(dx, (nuint)((long)record.X.Rows * columns * sizeof(float)));
        for (int i = 0; i < record.NumberCount; i++) Kernels.Add.Row<T>(dx + (long)numbers[record.FirstNumber + i] * columns, dy + (long)i * columns, columns);
    }
}
