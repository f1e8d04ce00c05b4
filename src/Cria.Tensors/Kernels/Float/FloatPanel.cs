using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Float;

/// <summary>Takes 16 rows of an F32, F16 or BF16 matrix apart into a panel of floats: for each column the 16 rows' values side by side.</summary>
internal static unsafe class FloatPanel
{
    /// <summary>Most columns of a panel: with 32 rows it fills half a first-level cache.</summary>
    public const int MaxColumns = 128;

    /// <summary>Unpacks <paramref name="columns"/> columns (a multiple of 16) of 16 rows <paramref name="rowBytes"/> apart into <paramref name="panel"/> [column, 16].</summary>
    public static void Unpack<T>(TensorType type, byte* rows, long rowBytes, int columns, float* panel) where T : struct, ILanes<T>
    {
        float* square = stackalloc float[256];
        for (int column = 0; column < columns; column += 16)
        {
            for (int row = 0; row < 16; row++)
            {
                byte* source = rows + row * rowBytes;
                T values = type switch
                {
                    TensorType.F32 => T.Load((float*)source + column),
                    TensorType.F16 => T.LoadHalf((ushort*)source + column),
                    _ => T.LoadBrain((ushort*)source + column),
                };
                values.Store(square + 16 * row);
            }
            Transpose.Square16(square, panel + 16 * column);
        }
    }
}
