namespace Cria.Tensors.Kernels.Direct;

/// <summary>How the sixteen rows of a direct product lie, and how often they are read.</summary>
internal enum DirectRows
{
    /// <summary>One after another, as files have them.</summary>
    Apart,
    /// <summary>Side by side (<see cref="Quantization.InterleavedRows"/>), for several tokens in turn.</summary>
    SideBySide,
    /// <summary>Side by side, for one token and no other: nothing is gained by keeping them in a cache.</summary>
    SideBySideOnce,
}
