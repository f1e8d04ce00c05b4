using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>One format to <see cref="PortableUnpacker{TReader}"/>: what a block holds, one row at a time.</summary>
internal unsafe interface IBlockReader
{
    /// <summary>Elements in a block.</summary>
    static abstract int BlockSize { get; }

    /// <summary>Bytes in a block.</summary>
    static abstract int BlockBytes { get; }

    /// <inheritdoc cref="Unpacker.GroupSize"/>
    static abstract int GroupSize { get; }

    /// <inheritdoc cref="Unpacker.Zero"/>
    static abstract int Zero { get; }

    /// <inheritdoc cref="Unpacker.HasMinimum"/>
    static abstract bool HasMinimum { get; }

    /// <summary>The bytes, weight = scale · (byte − zero) − minimum, of elements 16 · <paramref name="part"/> … 16 · <paramref name="part"/> + 15.</summary>
    static abstract Vector128<byte> Values(byte* block, int part);

    /// <summary>The scale of one group of the block.</summary>
    static abstract float Scale(byte* block, int group);

    /// <summary>The minimum of one group of the block; 0 for formats without.</summary>
    static abstract float Minimum(byte* block, int group);

    /// <summary>A 16-bit float.</summary>
    static float F16(byte* at) => (float)*(Half*)at;
}
