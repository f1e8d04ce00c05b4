namespace Cria.Tensors.Backends.Recording;

/// <summary>What was done.</summary>
internal enum Operation
{
    Embed,
    RmsNorm,
    Linear,
    LinearInto,
    Dropout,
    Scale,
    Rope,
    Attention,
    Gate,
    Add,
    Rows,
    ToHeads,
    ToTokens,
}

/// <summary>One operation of a step as the backward pass needs it: y = operation(x, z, w).</summary>
internal unsafe struct Record
{
    public Operation Operation;

    /// <summary>Inputs; attention has three.</summary>
    public Tensor X, Z, V;

    /// <summary>Result.</summary>
    public Tensor Y;

    /// <summary>The weight, where there is one.</summary>
    public Parameter? Weight;

    /// <summary>ε, factor or share.</summary>
    public float Number;

    /// <summary>Head size, shares of the heads, or the seed of a dropout.</summary>
    public int Size;

    /// <summary>A stretch of the step's whole numbers: tokens or rows; documents as pairs.</summary>
    public int FirstNumber, NumberCount;

    /// <summary>Attention's logarithms of sums [tokens, heads].</summary>
    public float* LogSums;
}
