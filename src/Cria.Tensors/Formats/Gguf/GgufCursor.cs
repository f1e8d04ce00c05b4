using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>
/// Walks through the header of a GGUF file. Every read first checks that the file has the bytes, so a count in the file
/// can never make the reader allocate more than the file's own size justifies.
/// </summary>
internal sealed class GgufCursor(MappedFile file, long start, long end)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Bytes from the start of the GGUF data.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes left.</summary>
    public long Remaining => end - start - Position;

    /// <summary>An unsigned 32-bit number; <paramref name="what"/> names it in the message should the file end.</summary>
    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    /// <summary>An unsigned 64-bit number.</summary>
    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count of items that take at least <paramref name="itemBytes"/> each: no more than the rest of the file can hold.</summary>
    public int Count(string what, long itemBytes)
    {
        ulong count = UInt64(what);
        if (count > (ulong)(Remaining / itemBytes) || count > (ulong)System.Array.MaxLength)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"{what} says {count} items, more than the rest of the file can hold"));
        return (int)count;
    }

    /// <summary>A string.</summary>
    public string Text(string what)
    {
        int length = Count(what, 1);
        ReadOnlySpan<byte> bytes = Take(length, what);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Broken($"{what} is not valid UTF-8");
        }
    }

    /// <summary>One value of the given type.</summary>
    public object Value(GgufValueType type, string what) => type switch
    {
        GgufValueType.UInt8 => Take(1, what)[0],
        GgufValueType.Int8 => (sbyte)Take(1, what)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2, what)),
        GgufValueType.UInt32 => UInt32(what),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what)),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4, what)),
        GgufValueType.Bool => Bool(Take(1, what)[0], what),
        GgufValueType.String => Text(what),
        GgufValueType.Array => Array(what),
        GgufValueType.UInt64 => UInt64(what),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(8, what)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, what)),
        _ => throw Broken(string.Create(CultureInfo.InvariantCulture, $"{what} has the unknown value type {(uint)type}")),
    };

    /// <summary>The failure of a damaged file.</summary>
    public CriaException Broken(string what) => new($"{file.Path}: {what}; the file is damaged, download or convert it again");

    private object Array(string what)
    {
        var type = (GgufValueType)UInt32(what);
        return type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(what),
            GgufValueType.Int8 => Numbers<sbyte>(what),
            GgufValueType.UInt16 => Numbers<ushort>(what),
            GgufValueType.Int16 => Numbers<short>(what),
            GgufValueType.UInt32 => Numbers<uint>(what),
            GgufValueType.Int32 => Numbers<int>(what),
            GgufValueType.Float32 => Numbers<float>(what),
            GgufValueType.UInt64 => Numbers<ulong>(what),
            GgufValueType.Int64 => Numbers<long>(what),
            GgufValueType.Float64 => Numbers<double>(what),
            GgufValueType.Bool => System.Array.ConvertAll(Numbers<byte>(what), number => Bool(number, what)),
            GgufValueType.String => Texts(what),
            GgufValueType.Array => throw Broken($"{what} is an array of arrays, which no Llama model has"),
            _ => throw Broken(string.Create(CultureInfo.InvariantCulture, $"{what} has the unknown element type {(uint)type}")),
        };
    }

    private T[] Numbers<T>(string what) where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        var numbers = new T[Count(what, size)];
        for (int done = 0; done < numbers.Length;)
        {
            // A span counts bytes in 32 bits; long arrays are copied in pieces.
            int piece = Math.Min(numbers.Length - done, 1 << 20);
            MemoryMarshal.Cast<byte, T>(Take(piece * size, what)).CopyTo(numbers.AsSpan(done));
            done += piece;
        }
        return numbers;
    }

    private string[] Texts(string what)
    {
        // An empty string takes eight bytes.
        var texts = new string[Count(what, 8)];
        for (int i = 0; i < texts.Length; i++) texts[i] = Text(what);
        return texts;
    }

    private bool Bool(byte stored, string what) => stored switch
    {
        0 => false,
        1 => true,
        _ => throw Broken(string.Create(CultureInfo.InvariantCulture, $"{what} should be true (1) or false (0) but is {stored}")),
    };

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > Remaining) throw new CriaException($"{file.Path}: the file ends in the middle of {what}; it is cut short, download or convert it again");
        ReadOnlySpan<byte> bytes = file.Span(start + Position, length);
        Position += length;
        return bytes;
    }
}
