using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Lanes;
using AssembledHalfReader = Cria.Tensors.Kernels.Assembled.HalfReader;

namespace Cria.Tensors.Kernels.Float;

/// <summary>Takes 16 rows of an F32, F16 or BF16 matrix apart into a panel of floats: for each column the 16 rows' values side by side.</summary>
internal static unsafe class FloatPanel
{
    /// <summary>Most columns of a panel: with 32 rows it fills half a first-level cache.</summary>
    public const int MaxColumns = 128;

    /// <summary>
    /// Unpacks <paramref name="columns"/> columns (a multiple of 16) of 16 rows <paramref name="rowBytes"/> apart into <paramref name="panel"/> [column, 16].
    /// As many bytes are asked for from <paramref name="ahead"/> on, which the caller will want soon.
    /// </summary>
    public static void Unpack<T>(TensorType type, byte* rows, long rowBytes, int columns, float* panel, byte* ahead) where T : struct, ILanes<T>
    {
        if (typeof(T) == typeof(Lanes512) && Avx512BW.IsSupported)
        {
            Avx512FloatPanel.Unpack(type, rows, (nint)rowBytes, columns, panel, ahead);
            return;
        }
        switch (type)
        {
            case TensorType.F32: Unpack<T, SingleReader>(rows, (nint)rowBytes, columns, panel, ahead); break;
            case TensorType.F16: Unpack<T, HalfReader>(rows, (nint)rowBytes, columns, panel, ahead); break;
            default: Unpack<T, BrainReader>(rows, (nint)rowBytes, columns, panel, ahead); break;
        }
    }

    /// <summary>The same of rows that lie side by side (<see cref="Quantization.InterleavedRows"/>), from one column's sixteen values on.</summary>
    public static void Convert<T>(TensorType type, byte* columnValues, int columns, float* panel, byte* ahead) where T : struct, ILanes<T>
    {
        switch (type)
        {
            case TensorType.F32: Convert<T, SingleReader>(columnValues, columns, panel, ahead); break;
            case TensorType.F16: Convert<T, HalfReader>(columnValues, columns, panel, ahead); break;
            default: Convert<T, BrainReader>(columnValues, columns, panel, ahead); break;
        }
    }

    private static void Convert<T, TReader>(byte* columnValues, int columns, float* panel, byte* ahead)
        where T : struct, ILanes<T>
        where TReader : struct, IFloatReader
    {
        bool assembled = typeof(TReader) == typeof(HalfReader) && typeof(T) != typeof(Lanes128) && AssembledHalfReader.IsAvailable;
        // Sixteen columns between one wish for memory and the next, so that none is dropped.
        for (int column = 0; column < columns; column += 16)
        {
            byte* source = columnValues + (16 * TReader.Bytes * column);
            float* target = panel + (16 * column);
            Prefetch(ahead + (16 * TReader.Bytes * column), 256 * TReader.Bytes);
            if (assembled) AssembledHalfReader.Read((ushort*)source, target, 256);
            else for (int i = 0; i < 256; i += 16) TReader.Read<T>(source + (TReader.Bytes * i)).Store(target + i);
        }
    }

    /// <summary>Asks for <paramref name="bytes"/> bytes to be brought near.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* ahead, int bytes)
    {
        if (!Sse.IsSupported) return;
        for (int line = 0; line < bytes; line += 64) Sse.Prefetch1(ahead + line);
    }

    [SkipLocalsInit]
    private static void Unpack<T, TReader>(byte* rows, nint rowBytes, int columns, float* panel, byte* ahead)
        where T : struct, ILanes<T>
        where TReader : struct, IFloatReader
    {
        // Aligned: a store across two cache lines is slow to read back.
        float* memory = stackalloc float[256 + 16], square = (float*)(((nint)memory + 63) & ~63);
        for (int column = 0; column < columns; column += 16)
        {
            byte* source = rows + column * TReader.Bytes;
            for (int row = 0; row < 16; row++, source += rowBytes) TReader.Read<T>(source).Store(square + 16 * row);
            Prefetch(ahead, 256 * TReader.Bytes);
            ahead += 256 * TReader.Bytes;
            Transpose.Square16(square, panel + 16 * column);
        }
    }
}
