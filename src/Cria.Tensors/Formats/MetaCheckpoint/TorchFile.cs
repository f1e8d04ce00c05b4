using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>One PyTorch checkpoint, mapped: a zip archive with a pickle that describes the tensors and one stored member for each tensor's bytes.</summary>
internal sealed unsafe class TorchFile : IDisposable
{
    // The largest model has a table of some 100 kB; each byte of it may cost a hundred in memory.
    private const int LargestPickle = 4 << 20;

    private readonly MappedFile file;
    private readonly Dictionary<string, ZipMember> members;
    private readonly string folder;

    private TorchFile(MappedFile file)
    {
        this.file = file;
        try
        {
            IReadOnlyList<ZipMember> all = ZipDirectory.TryRead(file) ?? throw new CriaException($"{file.Path} is not a PyTorch checkpoint in zip form; save it again with a PyTorch of 1.6 or later");
            members = all.ToDictionary(member => member.Name, StringComparer.Ordinal);
            ZipMember[] pickles = [.. all.Where(member => member.Name == "data.pkl" || member.Name.EndsWith("/data.pkl", StringComparison.Ordinal))];
            if (pickles.Length != 1) throw new CriaException($"{file.Path}: the archive has {pickles.Length} tables of tensors (data.pkl) instead of one; fetch the file again");
            folder = pickles[0].Name[..^"data.pkl".Length];
            if (members.TryGetValue(folder + "byteorder", out ZipMember order) && order.IsStored && order.Length < 16 && !file.Span(order.Start, (int)order.Length).SequenceEqual("little"u8))
                throw new CriaException($"{file.Path} was saved on a big-endian machine, which Cria does not read; save it again on another");
            Tensors = TorchUnpickler.Read(file.Path, Bytes(pickles[0]));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The bytes.</summary>
    public MappedFile Mapped => file;

    /// <summary>The file, for messages.</summary>
    public string Path => file.Path;

    /// <summary>Its tensors by name.</summary>
    public IReadOnlyDictionary<string, TorchTensor> Tensors { get; }

    /// <summary>Opens a checkpoint. Throws <see cref="CriaException"/> when it is none, is damaged, or wants to run code.</summary>
    public static TorchFile Open(string path) => new(MappedFile.Open(path));

    /// <summary>Reads a checkpoint's bytes, named <paramref name="path"/> in messages.</summary>
    public static TorchFile FromBytes(string path, byte[] bytes) => new(MappedFile.FromBytes(path, bytes));

    /// <summary>The type and the first byte of a tensor, which lies row after row; valid until the file is disposed.</summary>
    public (TensorType Type, IntPtr Data) Locate(string name)
    {
        TorchTensor tensor = Tensors[name];
        string shown = ForeignText.Shown(name);
        TensorType type = tensor.StorageType switch
        {
            "FloatStorage" => TensorType.F32,
            "HalfStorage" => TensorType.F16,
            "BFloat16Storage" => TensorType.BF16,
            _ => throw new CriaException($"{Path}: tensor {shown} is a {ForeignText.Shown(tensor.StorageType)}; Cria reads F32, F16 and BF16 weights"),
        };
        if (!members.TryGetValue($"{folder}data/{tensor.Storage}", out ZipMember member) || !member.IsStored)
            throw new CriaException($"{Path}: the bytes of tensor {shown} are missing or compressed; fetch the file again");
        int elementBytes = type == TensorType.F32 ? 4 : 2;
        long elements = 1, stored = member.Length / elementBytes;
        for (int d = tensor.Shape.Count - 1; d >= 0; d--)
        {
            // A size of one is never stepped over, so its stride says nothing.
            if (d >= tensor.Strides.Count || (tensor.Shape[d] != 1 && tensor.Strides[d] != elements)) throw new CriaException($"{Path}: tensor {shown} does not lie row after row; save the model again");
            if (tensor.Shape[d] <= 0 || elements > stored / tensor.Shape[d]) throw new CriaException($"{Path}: tensor {shown} [{string.Join(", ", tensor.Shape)}] is larger than its bytes; fetch the file again");
            elements *= tensor.Shape[d];
        }
        if (tensor.Shape.Count is 0 or > 2 || tensor.Offset > stored - elements) throw new CriaException($"{Path}: tensor {shown} reaches beyond its bytes; fetch the file again");
        return (type, (IntPtr)(file.Data + member.Start + tensor.Offset * elementBytes));
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private byte[] Bytes(ZipMember member) => member.IsStored && member.Length <= LargestPickle ? file.Span(member.Start, (int)member.Length).ToArray()
        : throw new CriaException($"{file.Path}: the table of tensors (data.pkl) is compressed or too large; fetch the file again");
}
