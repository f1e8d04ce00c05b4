using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>
/// How a GGUF file says that rows of a tensor lie side by side: by a type number of its own, so that no other reader takes such bytes for plain rows, but refuses them.
/// A setting names the CPU level it was prepared for. Both speak of how the file lies, not of the model.
/// </summary>
internal static class PreparedGguf
{
    /// <summary>The CPU level.</summary>
    public const string LevelKey = "cria.prepared.level";

    /// <summary>Added to the number of the type: "Cr" in the upper half, far from any number that is given out.</summary>
    private const uint Offset = 0x43720000;

    /// <summary>Added too where blocks lie in another order than before, so that files of that time are refused.</summary>
    private const uint PackedOffset = 0x100;

    /// <summary>The number that is stored for a type.</summary>
    public static uint TypeNumber(TensorType type, bool isInterleaved) => (uint)type + (isInterleaved ? OffsetOf(type) : 0);

    /// <summary>The type of a stored number, and whether rows lie side by side. A number that means nothing comes back as it is.</summary>
    public static (TensorType Type, bool IsInterleaved) Parse(uint number)
    {
        if (number < Offset) return ((TensorType)number, false);
        var type = (TensorType)((number - Offset) % PackedOffset);
        return BlockFormat.IsInGguf(type) && InterleavedRows.Supports(BlockFormat.Of(type)) && number == TypeNumber(type, isInterleaved: true) ? (type, true) : ((TensorType)number, false);
    }

    private static uint OffsetOf(TensorType type) => Offset + (InterleavedRows.IsPacked(type) ? PackedOffset : 0);
}
