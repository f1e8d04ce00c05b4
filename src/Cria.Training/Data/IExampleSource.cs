namespace Cria.Training.Data;

/// <summary>Documents to learn from, by number; the order in which they are read is not theirs to decide. Safe for concurrent readers.</summary>
public interface IExampleSource
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>The document of that number, the same each time.</summary>
    TrainingExample this[int index] { get; }

    /// <summary>Tokens of the document of that number.</summary>
    int Length(int index);
}
