namespace Cria.Tensors.Kernels.Unpack;

/// <summary>One format with blocks of 32 to <see cref="BlockUnpacker{TReader, T}"/>: scale and minimum (negated) are the F16 numbers at byte 0 and 2.</summary>
internal unsafe interface IBlockReader
{
    /// <summary>Bytes in a block.</summary>
    static abstract int BlockBytes { get; }

    /// <inheritdoc cref="Unpacker.Zero"/>
    static abstract int Zero { get; }

    /// <inheritdoc cref="Unpacker.Largest"/>
    static abstract int Largest { get; }

    /// <inheritdoc cref="Unpacker.HasMinimum"/>
    static abstract bool HasMinimum { get; }

    /// <summary>Byte of the block's 32 bits that hold one bit of each quant; 0 for formats without.</summary>
    static abstract int BitsAt { get; }

    /// <summary>Writes one block's part of the panel.</summary>
    /// <param name="block">The block of the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="bits">The 32 bits at <see cref="BitsAt"/>, row r's in lane r.</param>
    /// <param name="signed">As in <see cref="Unpacker.Unpack"/>.</param>
    /// <param name="panel">The first row's four bytes of the first four columns.</param>
    static abstract void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>;
}
