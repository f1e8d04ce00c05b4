using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats;

/// <summary>A model whose container is not GGUF, presented as if it were. Tensors that must be put together are, when they are asked for.</summary>
internal sealed unsafe class AssembledSource : ITensorSource
{
    private readonly Dictionary<string, AssembledTensor> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NativeBuffer> made = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<IDisposable> files;
    private bool disposed;

    /// <summary>Takes over <paramref name="files"/>, which the tensors lie in.</summary>
    public AssembledSource(string path, IEnumerable<KeyValuePair<string, object>> settings, IReadOnlyList<AssembledTensor> tensors, IReadOnlyList<IDisposable> files)
    {
        Path = path;
        Metadata = new ModelMetadata(path, settings);
        Tensors = [.. tensors.Select(tensor => tensor.Info)];
        this.files = files;
        foreach (AssembledTensor tensor in tensors)
            if (!byName.TryAdd(tensor.Info.Name, tensor)) throw new CriaException($"{path}: tensor {ForeignText.Shown(tensor.Info.Name)} is there twice; fetch the model again");
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public ModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info)
    {
        bool found = byName.TryGetValue(name, out AssembledTensor? tensor);
        info = tensor?.Info!;
        return found;
    }

    /// <inheritdoc/>
    public TensorView View(TensorInfo info)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!byName.TryGetValue(info.Name, out AssembledTensor? tensor)) throw new ArgumentException($"{info.Name} is not a tensor of {Path}", nameof(info));
        return new TensorView(tensor.Info.Type, tensor.Info.Rows, checked((int)tensor.Info.Columns), tensor.InPlace is not null ? tensor.InPlace : Make(tensor), tensor.Info.ByteCount, (float*)(tensor.RowScales is null ? null : tensor.RowScales.Data)) { File = tensor.File };
    }

    /// <inheritdoc/>
    public void Release(TensorInfo info)
    {
        lock (made)
        {
            if (made.Remove(info.Name, out NativeBuffer? buffer)) buffer.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        disposed = true;
        foreach (NativeBuffer buffer in made.Values) buffer.Dispose();
        made.Clear();
        foreach (AssembledTensor tensor in byName.Values) tensor.RowScales?.Dispose();
        foreach (IDisposable file in files) file.Dispose();
    }

    private byte* Make(AssembledTensor tensor)
    {
        lock (made)
        {
            if (made.TryGetValue(tensor.Info.Name, out NativeBuffer? ready)) return ready.Data;
            var buffer = new NativeBuffer(tensor.Info.ByteCount);
            int rowBytes = checked((int)BlockFormat.Of(tensor.Info.Type).RowBytes(tensor.Info.Columns));
            for (long row = 0; row < tensor.Info.Rows; row++) tensor.WriteRow!(row, new Span<byte>(buffer.Data + row * rowBytes, rowBytes));
            made.Add(tensor.Info.Name, buffer);
            return buffer.Data;
        }
    }
}
