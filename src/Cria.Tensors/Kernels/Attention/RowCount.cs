namespace Cria.Tensors.Kernels.Attention;

/// <summary>Rows of a tile that are computed; a constant to the compiler.</summary>
internal interface IRowCount
{
    /// <summary>Rows.</summary>
    static abstract int Count { get; }
}

/// <summary>Those of an answer's step, most often.</summary>
internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

/// <summary>A whole tile.</summary>
internal readonly struct SixRows : IRowCount
{
    public static int Count => 6;
}
