using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.Float;

/// <summary><see cref="FloatPanel"/> in 512-bit registers: stored values are turned first, two 16-bit columns in a lane, and become floats on their way to the panel.</summary>
internal static unsafe class Avx512FloatPanel
{
    private const int Line = 64;

    /// <summary>As <see cref="FloatPanel.Unpack{T}"/>.</summary>
    [SkipLocalsInit]
    public static void Unpack(TensorType type, byte* rows, nint rowBytes, int columns, float* panel, byte* ahead)
    {
        int bytes = columns * (type == TensorType.F32 ? 4 : 2);
        // Rows often lie 4096 bytes apart and then share one set of the first-level cache; each line is read whole, because it would be gone when asked for again.
        byte* memory = stackalloc byte[17 * Line], square = (byte*)(((nint)memory + Line - 1) & -Line);
        for (; bytes >= Line; bytes -= Line, rows += Line, ahead += Line * Unpacker.PanelRows)
        {
            FloatPanel.Prefetch(ahead, Line * Unpacker.PanelRows);
            for (int row = 0; row < Unpacker.PanelRows; row++) Vector512.Load(rows + row * rowBytes).Store(square + row * Line);
            panel = Columns(type, square, Line, Line, panel);
        }
        if (bytes > 0) Columns(type, rows, rowBytes, bytes, panel);
    }

    private static float* Columns(TensorType type, byte* rows, nint rowBytes, int bytes, float* panel)
    {
        for (byte* end = rows + bytes; rows < end; rows += 16)
        {
            Avx512Rows.Turn(rows, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
            panel = type switch
            {
                TensorType.F32 => Singles(v0, v1, v2, v3, panel),
                TensorType.F16 => Halves(v0, v1, v2, v3, panel),
                _ => Brains(v0, v1, v2, v3, panel),
            };
        }
        return panel;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Singles(Vector512<byte> v0, Vector512<byte> v1, Vector512<byte> v2, Vector512<byte> v3, float* panel)
    {
        v0.AsSingle().Store(panel);
        v1.AsSingle().Store(panel + 16);
        v2.AsSingle().Store(panel + 32);
        v3.AsSingle().Store(panel + 48);
        return panel + 64;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Halves(Vector512<byte> v0, Vector512<byte> v1, Vector512<byte> v2, Vector512<byte> v3, float* panel)
    {
        StoreHalves(v0, panel);
        StoreHalves(v1, panel + 32);
        StoreHalves(v2, panel + 64);
        StoreHalves(v3, panel + 96);
        return panel + 128;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Brains(Vector512<byte> v0, Vector512<byte> v1, Vector512<byte> v2, Vector512<byte> v3, float* panel)
    {
        StoreBrains(v0, panel);
        StoreBrains(v1, panel + 32);
        StoreBrains(v2, panel + 64);
        StoreBrains(v3, panel + 96);
        return panel + 128;
    }

    /// <summary>Two columns of halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector512<byte> lanes, float* panel)
    {
        HalfBits.ToSingle(lanes.AsUInt32()).Store(panel);
        HalfBits.ToSingle(lanes.AsUInt32() >>> 16).Store(panel + 16);
    }

    /// <summary>Two columns of bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBrains(Vector512<byte> lanes, float* panel)
    {
        (lanes.AsUInt32() << 16).AsSingle().Store(panel);
        (lanes.AsUInt32() & Vector512.Create(0xFFFF0000u)).AsSingle().Store(panel + 16);
    }
}
