namespace Cria.Tensors.Formats.Safetensors;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type, as the format calls it: F32, F16, BF16, I8, …</param>
/// <param name="Shape">Sizes, outermost first; empty for a single number.</param>
/// <param name="Start">Offset of its first byte in the file.</param>
/// <param name="ByteCount">Its bytes.</param>
public sealed record SafetensorsEntry(string Name, string Type, IReadOnlyList<long> Shape, long Start, long ByteCount)
{
    /// <summary>Bytes of one element of a type; 0 when the type is unknown.</summary>
    public static int ElementBytes(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" => 1,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "F32" or "I32" or "U32" => 4,
        "F64" or "I64" or "U64" => 8,
        _ => 0,
    };
}
