using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats;

namespace Cria.Training.Checkpoints;

/// <summary>A model with the weights it has in training: settings and what is not a weight come from the file it began as. Disposing it leaves both alone.</summary>
public sealed class TrainedSource : ITensorSource
{
    private readonly ITensorSource origin;
    private readonly Dictionary<string, Parameter> parameters;

    /// <summary>Joins the weights of <paramref name="backend"/> with the model they were loaded from.</summary>
    public TrainedSource(ITensorSource origin, RecordingBackend backend)
    {
        this.origin = origin;
        parameters = backend.Parameters.ToDictionary(parameter => parameter.Name);
        Tensors = [.. origin.Tensors.Select(info => parameters.TryGetValue(info.Name, out Parameter? parameter) ? info with { Type = TensorType.F32, ByteCount = parameter.Count * sizeof(float) } : info)];
    }

    /// <inheritdoc/>
    public string Path => origin.Path;

    /// <inheritdoc/>
    public ModelMetadata Metadata => origin.Metadata;

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info)
    {
        info = Tensors.FirstOrDefault(tensor => tensor.Name == name)!;
        return info is not null;
    }

    /// <inheritdoc/>
    public TensorView View(TensorInfo info) => parameters.TryGetValue(info.Name, out Parameter? parameter) ? parameter.View : origin.View(info);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
