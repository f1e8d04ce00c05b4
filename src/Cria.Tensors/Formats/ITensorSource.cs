namespace Cria.Tensors.Formats;

/// <summary>
/// A model on disk, whatever its container. GGUF's names are the common tongue: tensors are called <c>blk.0.attn_q.weight</c>,
/// settings <c>llama.block_count</c>, and query and key rows are stored for interleaved rotary pairs; readers of other containers translate.
/// </summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>Settings, vocabulary and templates by GGUF key.</summary>
    ModelMetadata Metadata { get; }

    /// <summary>Every tensor, in stored order.</summary>
    IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Finds a tensor by its GGUF name.</summary>
    bool TryGet(string name, out TensorInfo info);

    /// <summary>The tensor's bytes, valid until the source is disposed or the tensor released.</summary>
    TensorView View(TensorInfo info);

    /// <summary>
    /// Says that the tensor's bytes are not needed for now. A source that had to put them together in memory frees them;
    /// one that maps them where they lie does nothing. A later <see cref="View"/> brings them back.
    /// </summary>
    void Release(TensorInfo info)
    {
    }
}
