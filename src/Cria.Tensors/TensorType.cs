namespace Cria.Tensors;

/// <summary>How the elements of a tensor are stored. The numbers are the type ids of the GGUF format; from 1000 up are types that GGUF does not have.</summary>
public enum TensorType
{
    /// <summary>32-bit IEEE floats.</summary>
    F32 = 0,
    /// <summary>16-bit IEEE floats.</summary>
    F16 = 1,
    /// <summary>4-bit integers, 32 a block, one scale.</summary>
    Q4_0 = 2,
    /// <summary>4-bit integers, 32 a block, scale and minimum.</summary>
    Q4_1 = 3,
    /// <summary>5-bit integers, 32 a block, one scale.</summary>
    Q5_0 = 6,
    /// <summary>5-bit integers, 32 a block, scale and minimum.</summary>
    Q5_1 = 7,
    /// <summary>8-bit integers, 32 a block, one scale.</summary>
    Q8_0 = 8,
    /// <summary>2-bit integers, 256 a block, 4-bit scales and minima for each 16.</summary>
    Q2_K = 10,
    /// <summary>3-bit integers, 256 a block, 6-bit scales for each 16.</summary>
    Q3_K = 11,
    /// <summary>4-bit integers, 256 a block, 6-bit scales and minima for each 32.</summary>
    Q4_K = 12,
    /// <summary>5-bit integers, 256 a block, 6-bit scales and minima for each 32.</summary>
    Q5_K = 13,
    /// <summary>6-bit integers, 256 a block, 8-bit scales for each 16.</summary>
    Q6_K = 14,
    /// <summary>4-bit indices into a fixed non-linear table, 32 a block, one scale.</summary>
    IQ4_NL = 20,
    /// <summary>4-bit indices into a fixed non-linear table, 256 a block, 6-bit scales for each 32.</summary>
    IQ4_XS = 23,
    /// <summary>16-bit floats with the exponent range of F32.</summary>
    BF16 = 30,
    /// <summary>8-bit integers with one scale a row, which lies beside them: the weights of W8A8 folders, whose inputs are rounded to 8 bits too. As cached keys and values one scale for up to 64 features.</summary>
    I8 = 1000,
    /// <summary>16-bit integers with one scale for up to 64 features: cached keys and values, never a file's tensors.</summary>
    I16 = 1001,
}
