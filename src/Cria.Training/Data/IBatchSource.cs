namespace Cria.Training.Data;

/// <summary>A place in shuffled data. Together with the source's seed it says which batches come next.</summary>
/// <param name="Epoch">Passes over the data that are complete.</param>
/// <param name="Example">Documents of this pass that were begun, in shuffled order.</param>
/// <param name="Token">Tokens of the last of them that were used, where a long one is cut; else 0.</param>
public readonly record struct DataCursor(int Epoch, int Example, int Token);

/// <summary>Packed batches in a seeded order. Setting <see cref="Cursor"/> to an earlier value gives the same batches again.</summary>
public interface IBatchSource
{
    /// <summary>The place after the batch last filled.</summary>
    DataCursor Cursor { get; set; }

    /// <summary>Fills the next batch; false, and the batch empty, when a source of one pass is at its end. Sources for training begin anew, in another order.</summary>
    bool Next(TrainingBatch batch);
}
