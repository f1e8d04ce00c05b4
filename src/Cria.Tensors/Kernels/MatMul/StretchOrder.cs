namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// The order of prepared activations in memory, [stretch, tile, piece]: what all tiles have for the columns of one panel lies together. Were each tile a whole, those pieces would stand
/// apart by a tile's length, most often a power of two, and share so few of a cache's sets that the second level could not hold them from one panel to the next.
/// </summary>
internal static class StretchOrder
{
    /// <summary>The place of a piece, counted in pieces.</summary>
    /// <param name="tiles">Tiles in all.</param>
    /// <param name="tile">The piece's tile.</param>
    /// <param name="piece">Its place along the columns.</param>
    /// <param name="pieces">Pieces that a tile has along the columns.</param>
    /// <param name="stretch">Pieces of a stretch; the last may have fewer.</param>
    public static long Place(int tiles, int tile, int piece, int pieces, int stretch)
    {
        int first = piece - piece % stretch;
        return (long)first * tiles + (long)tile * Math.Min(stretch, pieces - first) + (piece - first);
    }
}
