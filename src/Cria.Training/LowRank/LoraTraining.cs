using Cria.Adapters;
using Cria.Generation;
using Cria.Tensors.Backends.Recording;

namespace Cria.Training.LowRank;

/// <summary>Puts an adapter beside a model's weights and takes it out again when it has learnt. The model must be loaded with all its weights frozen.</summary>
public static class LoraTraining
{
    /// <summary>
    /// Adds the factors: the first drawn evenly from ±1/√columns (as PEFT does), the second zero, so that the model begins as it was. The same seed gives the same factors.
    /// </summary>
    public static void Begin(RecordingBackend backend, LoraOptions options, ulong seed)
    {
        options.Check();
        Parameter[] weights = [.. backend.Parameters.Where(parameter => options.Adapts(parameter.Name))];
        for (int i = 0; i < weights.Length; i++)
        {
            LowRankAdapter adapter = backend.Adapt(weights[i], options.Rank, (float)(options.Alpha / options.Rank), (float)options.Dropout);
            double spread = 1 / Math.Sqrt(weights[i].Columns);
            for (int row = 0; row < adapter.Rank; row++)
            {
                Span<float> values = adapter.Down.Row(row);
                for (int column = 0; column < values.Length; column++) values[column] = (float)((2 * CounterRandom.Uniform(seed, (ulong)i << 32 | (uint)row, (ulong)column) - 1) * spread);
            }
        }
    }

    /// <summary>The adapter as it is now. <paramref name="baseModel"/> is what it will say it belongs to.</summary>
    public static LoraAdapter Adapter(RecordingBackend backend, string baseModel) =>
        new(baseModel, [.. backend.Parameters.Where(parameter => parameter.Adapter is not null).Select(Matrix)]) { BaseModel = baseModel };

    private static LoraMatrix Matrix(Parameter weight)
    {
        LowRankAdapter adapter = weight.Adapter!;
        var down = new float[adapter.Rank * weight.Columns];
        var up = new float[weight.Rows * adapter.Rank];
        for (int row = 0; row < adapter.Rank; row++) adapter.Down.Row(row).CopyTo(down.AsSpan(row * weight.Columns));
        for (int row = 0; row < weight.Rows; row++) adapter.Up.Row(row)[..adapter.Rank].CopyTo(up.AsSpan(row * adapter.Rank));
        return new LoraMatrix(weight.Name, adapter.Rank, weight.Rows, weight.Columns, down, up, Math.Round((double)adapter.Scale * adapter.Rank, 4));
    }
}
