using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Training;

/// <summary>A model with another context and rotary base. Its weights are those of the model below, which this takes over.</summary>
internal sealed class RetunedSource(ITensorSource below, long context, double theta) : ITensorSource
{
    private const string Context = "llama.context_length", Base = "llama.rope.freq_base";

    public string Path => below.Path;

    public ModelMetadata Metadata { get; } = new(below.Path, below.Metadata.Values.Where(setting => setting.Key is not (Context or Base)).Append(new(Context, context)).Append(new(Base, theta)));

    public IReadOnlyList<TensorInfo> Tensors => below.Tensors;

    public bool TryGet(string name, out TensorInfo info) => below.TryGet(name, out info);

    public TensorView View(TensorInfo info) => below.View(info);

    public void Release(TensorInfo info) => below.Release(info);

    public void Dispose() => below.Dispose();
}
