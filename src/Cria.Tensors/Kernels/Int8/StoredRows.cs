namespace Cria.Tensors.Kernels.Int8;

/// <summary>How what sixteen rows have for some columns lies in blocks that are multiplied where they are stored; 64 bytes are four columns of every row.</summary>
internal enum StoredForm
{
    /// <summary>Eight signed bits: a panel but for its unsigned bytes.</summary>
    Bytes,
    /// <summary>Four bits: two columns of four, 16 apart, in a byte.</summary>
    Nibbles,
    /// <summary>Four bits in blocks of 256 columns with scales and minimums of six bits: two columns of four, 32 apart, in a byte (<see cref="Quantization.Q4_K"/>).</summary>
    PairedNibbles,
    /// <summary>Six bits in blocks of 256 columns, three words for four (<see cref="Quantization.PackedQ6_K"/>).</summary>
    PackedSix,
}

/// <summary>
/// Blocks of sixteen rows that lie side by side (<see cref="Quantization.InterleavedRows"/>) and are multiplied where they are stored: what the rows' scales are made of, then their columns.
/// </summary>
/// <param name="Form">How columns lie.</param>
/// <param name="BlockBytes">Bytes of a block of all rows.</param>
/// <param name="DataAt">Where the first columns are.</param>
internal sealed record StoredRows(StoredForm Form, int BlockBytes, int DataAt)
{
    // Asked for at every piece of work, so not made anew.
    private static readonly StoredRows Q4_0 = new(StoredForm.Nibbles, 16 * 18, 32), Q8_0 = new(StoredForm.Bytes, 16 * 34, 32), Q4_K = new(StoredForm.PairedNibbles, 16 * 144, 256), Q6_K = new(StoredForm.PackedSix, 16 * 210, 288);

    /// <summary>True when a block has 32 columns, which an instruction or two take apart.</summary>
    public bool IsPlain => Form is StoredForm.Bytes or StoredForm.Nibbles;

    /// <summary>How a type is stored; null for types that must be taken apart.</summary>
    public static StoredRows? Of(TensorType type) => type switch
    {
        TensorType.Q4_0 => Q4_0,
        TensorType.Q8_0 => Q8_0,
        TensorType.Q4_K => Q4_K,
        TensorType.Q6_K => Q6_K,
        _ => null,
    };
}
