namespace Cria.Tensors.Formats.Gguf;

/// <summary>One setting of a GGUF file with the type it is stored as, so that it can be written again as it was.</summary>
/// <param name="Key">The setting's name, such as <c>llama.block_count</c>.</param>
/// <param name="Type">How it is stored.</param>
/// <param name="Value">
/// The value in the C# type of the same name (<see cref="uint"/> for <see cref="GgufValueType.UInt32"/>, …);
/// for <see cref="GgufValueType.Array"/> an array of the element type (<c>string[]</c>, <c>float[]</c>, …).
/// </param>
public sealed record GgufEntry(string Key, GgufValueType Type, object Value)
{
    /// <summary>The value as <see cref="ModelMetadata"/> keeps it: every signed integer a long, unsigned a long where it fits, floats doubles.</summary>
    public object Widened => Value switch
    {
        byte number => (long)number,
        sbyte number => (long)number,
        ushort number => (long)number,
        short number => (long)number,
        uint number => (long)number,
        int number => (long)number,
        ulong number when number <= long.MaxValue => (long)number,
        float number => (double)number,
        object other => other,
    };
}
