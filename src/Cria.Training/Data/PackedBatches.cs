using System.Globalization;
using Cria.Tensors;

namespace Cria.Training.Data;

/// <summary>
/// Batches of rows, each packed with whole documents, see <see cref="RowPlan"/>. Every pass has another order; the cursor and the seed give it again.
/// </summary>
public sealed class PackedBatches : IBatchSource
{
    private readonly IExampleSource source;
    private readonly int rowLength;
    private readonly ulong? seed;
    private readonly bool onePass;
    private RowPlan plan;
    private int planned;
    private DataCursor cursor;
    private string? identity;

    private PackedBatches(IExampleSource source, int rowLength, ulong? seed, bool onePass)
    {
        this.source = source;
        this.rowLength = rowLength;
        this.seed = seed;
        this.onePass = onePass;
        for (int i = 0; i < source.Count; i++)
        {
            if (source.Length(i) - 1 > rowLength)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"document {i} has {source.Length(i)} tokens, a row only {rowLength}; cut it, or train on longer rows"));
        }
        plan = RowPlan.Create(source, rowLength, seed, 0);
        if (plan.RowCount == 0) throw new CriaException("the corpus is empty, so there is nothing to learn from; name files with text");
    }

    /// <summary>Rows of the present pass; passes differ a little.</summary>
    public int RowCount => Plan.RowCount;

    /// <summary>The share of the present pass's places that hold tokens.</summary>
    public double FillShare
    {
        get
        {
            long places = 0;
            for (int i = 0; i < source.Count; i++) places += Math.Max(0, source.Length(i) - 1);
            return (double)places / ((long)RowCount * rowLength);
        }
    }

    /// <inheritdoc/>
    public DataCursor Cursor
    {
        get => cursor;
        set
        {
            if (value.Epoch < 0 || value.Row < 0) throw new CriaException($"{value} is no place in the data; the checkpoint is damaged");
            cursor = value;
            if (value.Row > Plan.RowCount) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a pass over the data has {Plan.RowCount} rows, but {value.Row} were used before; go on with the same data, row length and seed"));
        }
    }

    /// <inheritdoc/>
    public string Identity => identity ??= string.Create(CultureInfo.InvariantCulture, $"{Fingerprint.Of(source)} {rowLength}");

    private RowPlan Plan
    {
        get
        {
            if (planned != cursor.Epoch) plan = RowPlan.Create(source, rowLength, seed, planned = cursor.Epoch);
            return plan;
        }
    }

    /// <summary>Batches without end, every pass in a drawn order; the last batch of a pass is filled up with the first rows of the next.</summary>
    /// <param name="source">The documents, of at most <paramref name="rowLength"/> + 1 tokens.</param>
    /// <param name="rowLength">Places of a row.</param>
    /// <param name="seed">Decides all orders.</param>
    /// <exception cref="CriaException">A document is longer than a row, or there is none with two tokens.</exception>
    public static PackedBatches ForTraining(IExampleSource source, int rowLength, ulong seed) => new(source, rowLength, seed, onePass: false);

    /// <summary>One pass over all documents, the same each time; the last batch may have fewer rows.</summary>
    /// <inheritdoc cref="ForTraining"/>
    public static PackedBatches ForValidation(IExampleSource source, int rowLength) => new(source, rowLength, seed: null, onePass: true);

    /// <inheritdoc/>
    public bool Next(TrainingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.RowLength != rowLength) throw new ArgumentException($"rows of {batch.RowLength} instead of {rowLength}", nameof(batch));
        batch.Clear();
        for (int row = 0; row < batch.RowCount; row++)
        {
            if (cursor.Row >= Plan.RowCount)
            {
                if (onePass) return row > 0;
                cursor = new DataCursor(cursor.Epoch + 1, 0);
            }
            int at = row * rowLength;
            foreach (int document in Plan.Row(cursor.Row)) at += Put(batch, at, source[document]);
            cursor = cursor with { Row = cursor.Row + 1 };
        }
        return true;
    }

    /// <summary>A document's tokens but the last stand in the row, and what each is to be followed by beside it.</summary>
    private static int Put(TrainingBatch batch, int at, TrainingExample example)
    {
        int count = example.Tokens.Length - 1;
        example.Tokens.AsSpan(0, count).CopyTo(batch.Tokens.AsSpan(at));
        for (int i = 0; i < count; i++)
            if (example.InLoss is null || example.InLoss[i + 1]) batch.Targets[at + i] = example.Tokens[i + 1];
        batch.Documents.Add(new DocumentSpan(at, count));
        return count;
    }
}
