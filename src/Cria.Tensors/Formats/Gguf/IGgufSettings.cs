namespace Cria.Tensors.Formats.Gguf;

/// <summary>A source that knows how each of its settings is stored in GGUF, so that they can be written again as they were.</summary>
public interface IGgufSettings
{
    /// <summary>Settings with the types they are stored as, in stored order.</summary>
    IReadOnlyList<GgufEntry> Entries { get; }
}
