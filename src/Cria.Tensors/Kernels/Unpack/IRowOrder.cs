using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>How the sixteen rows of a panel lie in memory, to <see cref="Rows256{TOrder}"/>; operations are those of <see cref="IRows{T}"/>, of eight rows.</summary>
internal unsafe interface IRowOrder
{
    /// <inheritdoc cref="IRows{T}.Rows"/>
    static abstract byte* Rows(byte* blocks, long rowBytes, int row, out nint step);

    /// <inheritdoc cref="IRows{T}.Copy"/>
    static abstract void Copy(byte* at, nint step, uint* to);

    /// <inheritdoc cref="IRows{T}.CopyHalf"/>
    static abstract void CopyHalf(byte* at, nint step, uint* to);

    /// <inheritdoc cref="IRows{T}.Turn"/>
    static abstract void Turn(byte* at, nint step, out Vector256<byte> v0, out Vector256<byte> v1, out Vector256<byte> v2, out Vector256<byte> v3);
}
