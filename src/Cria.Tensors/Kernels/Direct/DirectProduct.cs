using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>
/// The product of one token with stored blocks, in registers from the block to the result: no panel is written. It computes the bits of
/// <see cref="Int8.Int8Kernel"/>: exact integer sums, then the same float operations in the same order.
/// </summary>
internal sealed unsafe class DirectProduct
{
    private readonly delegate* unmanaged[SuppressGCTransition]<DirectCall*, void> entry;

    public DirectProduct(Assembler code, bool hasStarts)
    {
        entry = (delegate* unmanaged[SuppressGCTransition]<DirectCall*, void>)ExecutableMemory.Place(code);
        HasStarts = hasStarts;
    }

    /// <summary>True when <see cref="DirectCall.Starts"/> is read.</summary>
    public bool HasStarts { get; }

    /// <summary>Multiplies 16 rows.</summary>
    public void Run(in DirectCall call)
    {
        fixed (DirectCall* arguments = &call) entry(arguments);
    }
}
