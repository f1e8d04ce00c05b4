namespace Cria.Generation;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model was done: a stop token or stop string, or the grammar allowed nothing more.</summary>
    Stop,
    /// <summary>The maximum of tokens was reached, or the context is full.</summary>
    Length,
    /// <summary>The caller stopped it.</summary>
    Cancelled,
    /// <summary>A failure, which awaiting the answer throws.</summary>
    Failed,
}
