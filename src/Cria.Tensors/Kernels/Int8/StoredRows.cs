namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// Blocks of sixteen rows that lie side by side (<see cref="Quantization.InterleavedRows"/>) and are multiplied where they are stored: 32 bytes with the rows' F16 scales,
/// then for each 4 columns 64 bytes as in a panel, with four bits two columns of four 16 apart in a byte.
/// </summary>
/// <param name="BlockBytes">Bytes of a block of all rows.</param>
/// <param name="AreNibbles">True for four bits, unsigned; false for eight, signed.</param>
internal sealed record StoredRows(int BlockBytes, bool AreNibbles)
{
    /// <summary>Where the first columns are.</summary>
    public const int DataAt = 32;

    // Asked for at every piece of work, so not made anew.
    private static readonly StoredRows Q4_0 = new(16 * 18, AreNibbles: true), Q8_0 = new(16 * 34, AreNibbles: false);

    /// <summary>How a type is stored; null for types that must be taken apart.</summary>
    public static StoredRows? Of(TensorType type) => type switch
    {
        TensorType.Q4_0 => Q4_0,
        TensorType.Q8_0 => Q8_0,
        _ => null,
    };
}
