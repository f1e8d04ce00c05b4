using System.Text.Json;

namespace Cria.Training.Data.Packing;

/// <summary>Writes sequences as JSON lines: <c>{"tokens": […]}</c>, and with <c>"learn": [[start, count], …]</c> where not all is learnt.</summary>
internal sealed class SequenceWriter(Stream stream)
{
    private static ReadOnlySpan<byte> LineEnd => "\n"u8;

    /// <summary>Writes one sequence.</summary>
    public void Write(ReadOnlySpan<int> tokens, ReadOnlySpan<bool> inLoss = default)
    {
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("tokens");
            foreach (int token in tokens) json.WriteNumberValue(token);
            json.WriteEndArray();
            if (!inLoss.IsEmpty && inLoss.Contains(false))
            {
                json.WriteStartArray("learn");
                for (int start = 0; start < inLoss.Length;)
                {
                    int end = start;
                    while (end < inLoss.Length && inLoss[end] == inLoss[start]) end++;
                    if (inLoss[start])
                    {
                        json.WriteStartArray();
                        json.WriteNumberValue(start);
                        json.WriteNumberValue(end - start);
                        json.WriteEndArray();
                    }
                    start = end;
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        stream.Write(LineEnd);
    }
}
