namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// One vector register as <see cref="VectorInt8Kernel{T}"/> uses it: four bytes, one integer or one float for each of <see cref="Rows"/> rows.
/// </summary>
internal unsafe interface IInt8Lanes<T> where T : struct, IInt8Lanes<T>
{
    /// <summary>Rows, each a lane of 32 bits.</summary>
    static abstract int Rows { get; }

    /// <inheritdoc cref="Int8Kernel.ReadsSigned"/>
    static abstract bool SignedPanel { get; }

    /// <summary>True when small unsigned weights go through <see cref="Pairs"/>; false when <see cref="Dot"/> is as fast for all.</summary>
    static abstract bool HasPairs { get; }

    /// <summary>Reads a vector.</summary>
    static abstract T Load(void* source);

    /// <summary>Writes a vector.</summary>
    void Store(void* target);

    /// <summary>The same 32 bits in every lane.</summary>
    static abstract T Broadcast(void* source);

    /// <summary>sum + Σ w·x of each lane's four bytes, in 32 bits. Where <see cref="HasPairs"/>, w is value + 128 and the value is multiplied; else w is the panel's byte.</summary>
    static abstract T Dot(T sum, T weights, T x);

    /// <summary>a + b, integers of 32 bits.</summary>
    static abstract T Sum(T a, T b);

    /// <summary>sum + w·x of bytes 0 and 1 and of 2 and 3 of each lane, in 16 bits each; w unsigned.</summary>
    static abstract T Pairs(T sum, T weights, T x);

    /// <summary>sum + both 16-bit numbers of each lane.</summary>
    static abstract T AddPairs(T sum, T pairs);

    /// <summary>sum + float(integer) · (scale · xScale), rounded after the inner and the outer product.</summary>
    static abstract T AddScaled(T sum, T integer, T scale, T xScale);

    /// <summary>sum − a · b, rounded once.</summary>
    static abstract T SubtractProduct(T sum, T a, T b);
}
