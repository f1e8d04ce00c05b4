using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>
/// The product of one token with stored blocks, in registers from the block to the result: no panel is written. It computes the bits of
/// <see cref="Int8.Int8Kernel"/>: exact integer sums, then the same float operations in the same order.
/// </summary>
internal sealed unsafe class DirectProduct
{
    private readonly delegate* unmanaged[SuppressGCTransition]<DirectCall*, void> rows, interleaved;

    /// <summary>Assembles both forms.</summary>
    /// <param name="code">The product of rows one after another (false) or side by side (true).</param>
    /// <param name="hasStarts">As <see cref="HasStarts"/>.</param>
    public DirectProduct(Func<bool, Assembler> code, bool hasStarts)
    {
        rows = (delegate* unmanaged[SuppressGCTransition]<DirectCall*, void>)ExecutableMemory.Place(code(false));
        interleaved = (delegate* unmanaged[SuppressGCTransition]<DirectCall*, void>)ExecutableMemory.Place(code(true));
        HasStarts = hasStarts;
    }

    /// <summary>True when <see cref="DirectCall.Starts"/> is read.</summary>
    public bool HasStarts { get; }

    /// <summary>Multiplies 16 rows, which lie one after another or side by side (<see cref="Quantization.InterleavedRows"/>).</summary>
    public void Run(in DirectCall call, bool isInterleaved)
    {
        fixed (DirectCall* arguments = &call)
        {
            if (isInterleaved) interleaved(arguments);
            else rows(arguments);
        }
    }
}
