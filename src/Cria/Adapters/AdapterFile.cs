namespace Cria.Adapters;

/// <summary>An adapter on disk and how strongly to apply it.</summary>
/// <param name="Path">A folder in PEFT's form, or a GGUF adapter.</param>
/// <param name="Scale">Factor on everything it adds: 1 is as it was trained.</param>
public readonly record struct AdapterFile(string Path, double Scale = 1)
{
    /// <summary>The adapter at a path, applied as it was trained: <c>Adapters = ["style"]</c>.</summary>
    public static implicit operator AdapterFile(string path) => new(path);

    /// <summary>Reads the adapter.</summary>
    /// <inheritdoc cref="LoraAdapter.Open"/>
    public ScaledAdapter Open(int headSize) => new(LoraAdapter.Open(Path, headSize), Scale);
}
