using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats;

/// <summary>Writes one row of a tensor, in the type it is presented as, to <paramref name="bytes"/>.</summary>
internal delegate void RowWriter(long row, Span<byte> bytes);

/// <summary>
/// A tensor whose file has it in another form than GGUF would. It is either mapped as it lies (<see cref="InPlace"/>)
/// or put together row by row: reordered, widened, or merged from several files.
/// </summary>
internal sealed unsafe class AssembledTensor
{
    /// <summary>A tensor that lies in a file as it should be.</summary>
    public AssembledTensor(TensorInfo info, MappedFile file, byte* inPlace, NativeBuffer? rowScales = null)
    {
        Info = info;
        File = file;
        InPlace = inPlace;
        RowScales = rowScales;
    }

    /// <summary>A tensor whose rows are made on request.</summary>
    public AssembledTensor(TensorInfo info, RowWriter writeRow, NativeBuffer? rowScales = null)
    {
        Info = info;
        WriteRow = writeRow;
        RowScales = rowScales;
    }

    /// <summary>Name, type and shape as presented.</summary>
    public TensorInfo Info { get; }

    /// <summary>The file the bytes lie in; null when they are made.</summary>
    public MappedFile? File { get; }

    /// <summary>Where the bytes lie; null when they are made.</summary>
    public byte* InPlace { get; }

    /// <summary>Makes a row; null when the bytes lie in place.</summary>
    public RowWriter? WriteRow { get; }

    /// <summary>A float for each row where the type has scales beside its bytes; the source that takes the tensor over frees them.</summary>
    public NativeBuffer? RowScales { get; }
}
