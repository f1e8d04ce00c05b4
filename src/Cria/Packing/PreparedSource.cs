using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Packing;

/// <summary>A model of which some tensors lie, in the layout that a CPU level wants, in a file of the cache. The vocabulary, which takes longest to read, is read once. Disposing it disposes both.</summary>
internal sealed class PreparedSource(ITensorSource model, GgufReader prepared) : ITensorSource
{
    /// <summary>The model's own file.</summary>
    public string Path => model.Path;

    /// <inheritdoc/>
    public ModelMetadata Metadata => model.Metadata;

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors => model.Tensors;

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info) => model.TryGet(name, out info);

    /// <inheritdoc/>
    public TensorView View(TensorInfo info) => prepared.TryGet(info.Name, out TensorInfo stored) ? prepared.View(stored) : model.View(info);

    /// <inheritdoc/>
    public void Dispose()
    {
        prepared.Dispose();
        model.Dispose();
    }
}
