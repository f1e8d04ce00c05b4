namespace Cria.Training.Data;

/// <summary>A place in shuffled and packed data. Together with the source's seed it says which batches come next.</summary>
/// <param name="Epoch">Passes over the data that are complete.</param>
/// <param name="Row">Rows of this pass that were used.</param>
public readonly record struct DataCursor(int Epoch, int Row);

/// <summary>Packed batches in a seeded order. Setting <see cref="Cursor"/> to an earlier value gives the same batches again.</summary>
public interface IBatchSource
{
    /// <summary>The place after the batch last filled.</summary>
    DataCursor Cursor { get; set; }

    /// <summary>Differs where the documents or the rows do, so that a place in one source is not taken for one in another; null where the source cannot say.</summary>
    string? Identity => null;

    /// <summary>Fills the next batch; false, and the batch empty, when a source of one pass is at its end. Sources for training begin anew, in another order.</summary>
    bool Next(TrainingBatch batch);
}
