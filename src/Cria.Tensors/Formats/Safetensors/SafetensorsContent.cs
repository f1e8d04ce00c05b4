namespace Cria.Tensors.Formats.Safetensors;

/// <summary>A tensor to be written to a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type, as the format calls it: F32, F16, BF16, I8, …</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Write">Writes its bytes when their turn is there.</param>
public sealed record SafetensorsContent(string Name, string Type, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>How many bytes come.</summary>
    public long ByteCount => Shape.Aggregate((long)SafetensorsEntry.ElementBytes(Type), (product, size) => checked(product * size));
}
