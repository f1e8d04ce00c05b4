using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>One vector register as <see cref="VectorW8A8Kernel{T}"/> uses it: numbers of 16 bits along a row, or sums of 32 bits of each two neighbours' products.</summary>
internal unsafe interface IW8A8Lanes<T> where T : struct, IW8A8Lanes<T>
{
    /// <summary>Numbers of 16 bits: 8, 16 or 32.</summary>
    static abstract int Count { get; }

    /// <summary>Reads numbers of 16 bits.</summary>
    static abstract T Load(short* source);

    /// <summary>Reads <see cref="Count"/> bytes as numbers of 16 bits.</summary>
    static abstract T Widen(sbyte* source);

    /// <summary>Writes numbers of 16 bits.</summary>
    void Store(short* target);

    /// <summary>sum + w·x of each two neighbours, exactly.</summary>
    static abstract T Dot(T sum, T w, T x);

    /// <summary>Both sums, lane by lane.</summary>
    static abstract T Both(T a, T b);

    /// <summary>The four vectors' sums.</summary>
    static abstract Vector128<int> Total(T a, T b, T c, T d);
}
