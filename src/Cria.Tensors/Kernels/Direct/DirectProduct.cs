using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>
/// The product of one token with stored blocks, in registers from the block to the result: no panel is written. It computes the bits of
/// <see cref="Int8.Int8Kernel"/>: exact integer sums, then the same float operations in the same order.
/// </summary>
internal sealed unsafe class DirectProduct
{
    private readonly nint[] entries = new nint[Enum.GetValues<DirectRows>().Length];

    /// <summary>Assembles all forms.</summary>
    /// <param name="code">The product of rows that lie in one of the ways there are.</param>
    /// <param name="hasStarts">As <see cref="HasStarts"/>.</param>
    public DirectProduct(Func<DirectRows, Assembler> code, bool hasStarts)
    {
        for (int rows = 0; rows < entries.Length; rows++) entries[rows] = (nint)ExecutableMemory.Place(code((DirectRows)rows));
        HasStarts = hasStarts;
    }

    /// <summary>True when <see cref="DirectCall.Starts"/> is read.</summary>
    public bool HasStarts { get; }

    /// <summary>Multiplies all groups of 16 rows. The kernel counts in its own copy of the arguments.</summary>
    public void Run(DirectCall call, DirectRows rows) => ((delegate* unmanaged[SuppressGCTransition]<DirectCall*, void>)entries[(int)rows])(&call);
}
