namespace Cria.Tensors.Kernels.Int8;

/// <summary>How many steps of four columns are summed in 16 bits before they are widened.</summary>
internal enum Int8Sums
{
    /// <summary>Products go to 32 bits at once.</summary>
    Wide,
    /// <summary>Eight: bytes to 15.</summary>
    Eight,
    /// <summary>Four: bytes to 31.</summary>
    Four,
    /// <summary>Two: bytes to 63.</summary>
    Two,
    /// <summary>One, by magnitude and sign: to 128.</summary>
    One,
}
