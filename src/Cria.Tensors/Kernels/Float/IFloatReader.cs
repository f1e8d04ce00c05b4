using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Float;

/// <summary>How sixteen stored floats are read.</summary>
internal unsafe interface IFloatReader
{
    /// <summary>Bytes of a stored value.</summary>
    static abstract int Bytes { get; }

    /// <summary>Sixteen values from <paramref name="source"/> on.</summary>
    static abstract T Read<T>(byte* source) where T : struct, ILanes<T>;
}

/// <summary>Reads F32.</summary>
internal readonly unsafe struct SingleReader : IFloatReader
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(byte* source) where T : struct, ILanes<T> => T.Load((float*)source);
}

/// <summary>Reads F16.</summary>
internal readonly unsafe struct HalfReader : IFloatReader
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(byte* source) where T : struct, ILanes<T> => T.LoadHalf((ushort*)source);
}

/// <summary>Reads BF16.</summary>
internal readonly unsafe struct BrainReader : IFloatReader
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(byte* source) where T : struct, ILanes<T> => T.LoadBrain((ushort*)source);
}
