using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.PackedQ6_K"/>, what <see cref="Quantization.Q6_K"/> is where rows lie side by side.</summary>
internal sealed unsafe class PackedQ6_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 210, groupSize: 16, zero: 32, hasMinimum: false)
    where T : struct, IRows<T>
{
    [SkipLocalsInit]
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        uint* heads = stackalloc uint[PanelRows];
        T.CopyHalf(block, rowBytes, heads);
        byte zero = (byte)(signed ? Zero : 0);
        // Sixteen words are four groups of three and, in their upper bits, a fourth.
        for (int four = 0; four < 4; four++) FourGroups(block + 18 + (48 * four), rowBytes, zero, panel + (four * 64 * PanelRows));
        Rows.StoreSixteenScales(block + 2, rowBytes, T.Load(heads), scales);
    }

    // Not inlined: with it the JIT runs out of locals to keep in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourGroups(byte* words, nint rowBytes, byte zero, byte* panel)
    {
        T zeros = T.Bytes(zero);
        T.Turn(words, rowBytes, out T a0, out T a1, out T a2, out T b0);
        Group(a0, a1, a2, zeros, panel);
        T.Turn(words + 16, rowBytes, out T b1, out T b2, out T c0, out T c1);
        Group(b0, b1, b2, zeros, panel + (16 * PanelRows));
        T.Turn(words + 32, rowBytes, out T c2, out T d0, out T d1, out T d2);
        Group(c0, c1, c2, zeros, panel + (32 * PanelRows));
        Group(d0, d1, d2, zeros, panel + (48 * PanelRows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group(T first, T second, T third, T zeros, byte* panel)
    {
        T lower = T.Bytes(63);
        T fourth = (T.Right(first, 6) & T.Bytes(3)) | (T.Right(second, 4) & T.Bytes(12)) | (T.Right(third, 2) & T.Bytes(48));
        ((first & lower) - zeros).Store(panel);
        ((second & lower) - zeros).Store(panel + (4 * PanelRows));
        ((third & lower) - zeros).Store(panel + (8 * PanelRows));
        (fourth - zeros).Store(panel + (12 * PanelRows));
    }
}
