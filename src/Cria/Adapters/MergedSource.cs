using System.Runtime.InteropServices;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Adapters;

/// <summary>
/// A model with adapters merged into its weights: W + scale · up · down, in F32 and then rounded to the type the weight has; one that is quantized becomes F16.
/// The sum is made when a tensor is asked for.
/// </summary>
public sealed class MergedSource : ITensorSource
{
    private readonly ITensorSource below;
    private readonly AssembledSource merged;

    /// <summary>Merges adapters into a model, which this takes over.</summary>
    /// <exception cref="CriaException">An adapter was made for another model.</exception>
    public MergedSource(ITensorSource model, IReadOnlyList<ScaledAdapter> adapters)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        foreach (ScaledAdapter adapter in adapters) adapter.Adapter.CheckFits(model);
        below = model;
        List<AssembledTensor> changed = [];
        foreach (TensorInfo stored in model.Tensors)
        {
            (LoraMatrix Matrix, double Factor)[] parts = [.. adapters.Where(adapter => adapter.Adapter.Find(stored.Name) is not null).Select(adapter => (adapter.Adapter.Find(stored.Name)!, adapter.Scale))];
            if (parts.Length > 0) changed.Add(Merge(stored, parts));
        }
        merged = new AssembledSource(model.Path, [], changed, []);
        Tensors = [.. model.Tensors.Select(tensor => merged.TryGet(tensor.Name, out TensorInfo info) ? info : tensor)];
    }

    /// <inheritdoc/>
    public string Path => below.Path;

    /// <inheritdoc/>
    public ModelMetadata Metadata => below.Metadata;

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info) => merged.TryGet(name, out info) || below.TryGet(name, out info);

    /// <inheritdoc/>
    public TensorView View(TensorInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        return merged.TryGet(info.Name, out _) ? merged.View(info) : below.View(info);
    }

    /// <inheritdoc/>
    public void Release(TensorInfo info)
    {
        merged.Release(info);
        below.Release(info);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        merged.Dispose();
        below.Dispose();
    }

    private AssembledTensor Merge(TensorInfo stored, (LoraMatrix Matrix, double Factor)[] parts)
    {
        TensorType type = stored.Type is TensorType.F32 or TensorType.BF16 ? stored.Type : TensorType.F16;
        BlockFormat to = BlockFormat.Of(type);
        TensorInfo info = stored with { Type = type, ByteCount = to.RowBytes(stored.Columns) * stored.Rows };
        var values = new float[stored.Columns];
        return new AssembledTensor(info, (row, bytes) =>
        {
            below.View(stored).Decode(row, 1, values);
            foreach ((LoraMatrix matrix, double factor) in parts) matrix.AddRow((int)row, factor, values);
            if (type == TensorType.F32) MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(bytes);
            else to.Encode(values, bytes);
        });
    }
}
