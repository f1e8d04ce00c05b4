namespace Cria.Training.Data;

/// <summary>A stretch of a batch that is one document: attention stays inside, positions count from 0.</summary>
/// <param name="Start">Its first token in the batch.</param>
/// <param name="Count">Its tokens.</param>
public readonly record struct DocumentSpan(int Start, int Count);

/// <summary>
/// The tokens of one step: rows of equal length, each filled with one or more documents. What is left over at the end of a row belongs to no document and is not computed.
/// Reused from step to step.
/// </summary>
/// <param name="rowCount">Rows.</param>
/// <param name="rowLength">Tokens of a row.</param>
public sealed class TrainingBatch(int rowCount, int rowLength)
{
    /// <summary>The target of a token after which nothing is to be learnt.</summary>
    public const int Ignored = -1;

    /// <summary>Rows.</summary>
    public int RowCount { get; } = rowCount;

    /// <summary>Tokens of a row.</summary>
    public int RowLength { get; } = rowLength;

    /// <summary>Tokens, row after row: [rows · length].</summary>
    public int[] Tokens { get; } = new int[rowCount * rowLength];

    /// <summary>The token to be said after each token, or <see cref="Ignored"/>: [rows · length].</summary>
    public int[] Targets { get; } = new int[rowCount * rowLength];

    /// <summary>The documents, in order of their places.</summary>
    public List<DocumentSpan> Documents { get; } = [];

    /// <summary>Tokens that belong to documents.</summary>
    public int TokenCount => Documents.Sum(document => document.Count);

    /// <summary>Empties the batch: no documents, all targets ignored.</summary>
    public void Clear()
    {
        Documents.Clear();
        Array.Clear(Tokens);
        Array.Fill(Targets, Ignored);
    }
}
