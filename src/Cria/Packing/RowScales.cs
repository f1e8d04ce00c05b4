using System.Numerics;
using System.Runtime.InteropServices;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>The scales of a tensor's rows, which come into being while its bytes are written.</summary>
/// <param name="rows">Rows of the tensor.</param>
/// <param name="columns">What each column is multiplied by first; null for nothing.</param>
internal sealed class RowScales(long rows, float[]? columns = null)
{
    /// <summary>The scale of each row.</summary>
    public float[] Values { get; } = new float[rows];

    /// <summary>What each column is multiplied by; null for nothing.</summary>
    public float[]? Columns { get; } = columns;

    /// <summary>Multiplies the columns of whole rows.</summary>
    public void Multiply(Span<float> values)
    {
        if (Columns is null) return;
        for (; values.Length > 0; values = values[Columns.Length..])
        {
            int i = 0;
            for (; i + Vector<float>.Count <= Columns.Length; i += Vector<float>.Count) (new Vector<float>(values[i..]) * new Vector<float>(Columns, i)).CopyTo(values[i..]);
            for (; i < Columns.Length; i++) values[i] *= Columns[i];
        }
    }

    /// <summary>Rounds whole rows to bytes and keeps their scales.</summary>
    public void Encode(ReadOnlySpan<float> values, long first, int columnCount, Span<byte> bytes)
    {
        for (int row = 0; row * columnCount < values.Length; row++)
            Values[first + row] = I8.EncodeRow(values.Slice(row * columnCount, columnCount), bytes.Slice(row * columnCount, columnCount));
    }

    /// <summary>Writes the scales as F32.</summary>
    public void Write(Stream stream) => stream.Write(MemoryMarshal.AsBytes<float>(Values));
}
