using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cria.Tensors.Formats.Safetensors;

/// <summary>Writes a safetensors file, tensor by tensor. It appears under its name when it is whole.</summary>
public static class SafetensorsWriter
{
    // Readers map the file; data that begins at a multiple of eight stays aligned.
    private const int Alignment = 8;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes the tensors in the order given. Throws <see cref="CriaException"/> when the file cannot be written,
    /// <see cref="ArgumentException"/> when a tensor's type is unknown or its bytes are not as many as announced.
    /// </summary>
    public static void Write(string path, IReadOnlyList<SafetensorsContent> tensors) => PendingFile.Write(path, stream => Write(stream, tensors));

    /// <summary>Writes to a stream, which need not seek.</summary>
    public static void Write(Stream stream, IReadOnlyList<SafetensorsContent> tensors)
    {
        byte[] header = Header(tensors);
        stream.Write(BitConverter.GetBytes((ulong)header.Length));
        stream.Write(header);
        foreach (SafetensorsContent tensor in tensors)
        {
            using var counted = new CountedStream(stream);
            tensor.Write(counted);
            if (counted.Count != tensor.ByteCount) throw new ArgumentException($"tensor {tensor.Name} came with {counted.Count} bytes instead of {tensor.ByteCount}", nameof(tensors));
        }
    }

    private static byte[] Header(IReadOnlyList<SafetensorsContent> tensors)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long offset = 0;
            foreach (SafetensorsContent tensor in tensors)
            {
                if (SafetensorsEntry.ElementBytes(tensor.Type) == 0) throw new ArgumentException($"safetensors has no type {tensor.Type}", nameof(tensors));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type);
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.ByteCount);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while ((buffer.Length + sizeof(ulong)) % Alignment != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}
