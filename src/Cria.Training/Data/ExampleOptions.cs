namespace Cria.Training.Data;

/// <summary>How a corpus becomes examples.</summary>
public sealed record ExampleOptions
{
    /// <summary>Places of a row: the model's context, or less.</summary>
    public required int RowLength { get; init; }

    /// <summary>Whether all of a conversation is learnt, not the assistant's words alone.</summary>
    public bool TrainOnInputs { get; init; }

    /// <summary>Whether conversations longer than a row are left out, instead of being an error.</summary>
    public bool SkipTooLong { get; init; }
}
