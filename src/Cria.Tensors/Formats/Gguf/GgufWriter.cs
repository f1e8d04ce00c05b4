using System.Numerics;
using System.Text;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.Gguf;

/// <summary>
/// Writes GGUF, version 3, tensor by tensor: no more than one tensor's piece is in memory, however large the model.
/// The file appears under its name when it is whole.
/// </summary>
public static class GgufWriter
{
    private const int DefaultAlignment = 32;

    private static readonly Dictionary<Type, GgufValueType> ElementTypes = new()
    {
        [typeof(byte)] = GgufValueType.UInt8,
        [typeof(sbyte)] = GgufValueType.Int8,
        [typeof(ushort)] = GgufValueType.UInt16,
        [typeof(short)] = GgufValueType.Int16,
        [typeof(uint)] = GgufValueType.UInt32,
        [typeof(int)] = GgufValueType.Int32,
        [typeof(float)] = GgufValueType.Float32,
        [typeof(bool)] = GgufValueType.Bool,
        [typeof(string)] = GgufValueType.String,
        [typeof(ulong)] = GgufValueType.UInt64,
        [typeof(long)] = GgufValueType.Int64,
        [typeof(double)] = GgufValueType.Float64,
    };

    /// <summary>
    /// Writes settings and tensors in the order given. Throws <see cref="CriaException"/> when the file cannot be written or GGUF lacks a tensor's type,
    /// <see cref="ArgumentException"/> when a tensor's type does not fit its shape or its bytes are not as many as announced.
    /// </summary>
    public static void Write(string path, IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> tensors) =>
        PendingFile.Write(path, stream => Write(stream, entries, tensors));

    /// <summary>Writes to a stream, which need not seek.</summary>
    public static void Write(Stream stream, IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> tensors)
    {
        int alignment = Alignment(entries);
        byte[] header = Header(entries, tensors, alignment);
        stream.Write(header);
        Pad(stream, header.Length, alignment);
        foreach (TensorContent tensor in tensors)
        {
            using var counted = new CountedStream(stream);
            tensor.Write(counted);
            if (counted.Count != tensor.Info.ByteCount)
                throw new ArgumentException($"tensor {tensor.Info.Name} came with {counted.Count} bytes instead of {tensor.Info.ByteCount}", nameof(tensors));
            Pad(stream, tensor.Info.ByteCount, alignment);
        }
    }

    /// <summary>The bytes that <see cref="Write(Stream, IReadOnlyList{GgufEntry}, IReadOnlyList{TensorContent})"/> writes.</summary>
    internal static long ByteCount(IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> tensors)
    {
        int alignment = Alignment(entries);
        long header = Header(entries, tensors, alignment).Length;
        return header + Padding(header, alignment) + tensors.Sum(tensor => tensor.Info.ByteCount + Padding(tensor.Info.ByteCount, alignment));
    }

    private static int Alignment(IReadOnlyList<GgufEntry> entries)
    {
        GgufEntry? entry = entries.FirstOrDefault(entry => entry.Key == "general.alignment");
        if (entry is null) return DefaultAlignment;
        return entry.Value is uint alignment && BitOperations.IsPow2(alignment) ? (int)alignment
            : throw new ArgumentException($"general.alignment must be a power of two, not {entry.Value}", nameof(entries));
    }

    private static byte[] Header(IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> tensors, int alignment)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)entries.Count);
        foreach (GgufEntry entry in entries)
        {
            WriteText(writer, entry.Key);
            writer.Write((uint)entry.Type);
            WriteValue(writer, entry);
        }
        ulong offset = 0;
        foreach (TensorContent tensor in tensors)
        {
            TensorInfo info = tensor.Info;
            if (!BlockFormat.IsInGguf(info.Type)) throw new CriaException($"a GGUF file cannot hold the {info.Type} weights of a W8A8 model ({info.Name}); convert them with --type F16, or quantize to a type such as Q8_0");
            if (BlockFormat.Of(info.Type).RowBytes(info.Columns) * info.Rows != info.ByteCount)
                throw new ArgumentException($"tensor {info.Name} [{string.Join(", ", info.Shape)}] in {info.Type} does not take {info.ByteCount} bytes", nameof(tensors));
            WriteText(writer, info.Name);
            writer.Write((uint)info.Shape.Count);
            for (int d = info.Shape.Count - 1; d >= 0; d--) writer.Write(info.Shape[d]);
            writer.Write(PreparedGguf.TypeNumber(info.Type, tensor.IsInterleaved));
            writer.Write(offset);
            offset += (ulong)(info.ByteCount + Padding(info.ByteCount, alignment));
        }
        writer.Flush();
        return buffer.ToArray();
    }

    private static void WriteValue(BinaryWriter writer, GgufEntry entry)
    {
        switch (entry.Type, entry.Value)
        {
            case (GgufValueType.UInt8, byte value): writer.Write(value); break;
            case (GgufValueType.Int8, sbyte value): writer.Write(value); break;
            case (GgufValueType.UInt16, ushort value): writer.Write(value); break;
            case (GgufValueType.Int16, short value): writer.Write(value); break;
            case (GgufValueType.UInt32, uint value): writer.Write(value); break;
            case (GgufValueType.Int32, int value): writer.Write(value); break;
            case (GgufValueType.Float32, float value): writer.Write(value); break;
            case (GgufValueType.Bool, bool value): writer.Write(value); break;
            case (GgufValueType.String, string value): WriteText(writer, value); break;
            case (GgufValueType.UInt64, ulong value): writer.Write(value); break;
            case (GgufValueType.Int64, long value): writer.Write(value); break;
            case (GgufValueType.Float64, double value): writer.Write(value); break;
            case (GgufValueType.Array, Array values): WriteArray(writer, entry.Key, values); break;
            default: throw new ArgumentException($"setting {entry.Key} is announced as {entry.Type} but holds {entry.Value.GetType().Name}", nameof(entry));
        }
    }

    private static void WriteArray(BinaryWriter writer, string key, Array values)
    {
        // The exact type decides: to a cast, an int[] is a uint[] too.
        Type element = values.GetType().GetElementType()!;
        if (!ElementTypes.TryGetValue(element, out GgufValueType type))
            throw new ArgumentException($"setting {key} is an array of {element.Name}, which GGUF cannot hold", nameof(values));
        writer.Write((uint)type);
        writer.Write((ulong)values.Length);
        if (values is string[] texts)
        {
            foreach (string text in texts) WriteText(writer, text);
            return;
        }
        // Numbers and truth values lie in memory as GGUF stores them.
        var bytes = new byte[Buffer.ByteLength(values)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Padding(long length, int alignment) => (alignment - length % alignment) % alignment;

    private static void Pad(Stream stream, long length, int alignment)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (long left = Padding(length, alignment); left > 0; left -= zeros.Length)
            stream.Write(zeros[..(int)Math.Min(left, zeros.Length)]);
    }
}
