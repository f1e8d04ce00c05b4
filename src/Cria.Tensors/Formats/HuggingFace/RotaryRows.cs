namespace Cria.Tensors.Formats.HuggingFace;

/// <summary>
/// The order of query and key rows. GGUF and Meta keep the two halves of a rotary pair side by side (rows 2i and 2i + 1 of a head),
/// Hugging Face half a head apart (rows i and i + size / 2).
/// </summary>
internal static class RotaryRows
{
    /// <summary>Where Hugging Face has the row that GGUF has at <paramref name="row"/>.</summary>
    public static long InHuggingFace(long row, int headSize)
    {
        long within = row % headSize;
        return row - within + within % 2 * (headSize / 2) + within / 2;
    }

    /// <summary>Where GGUF has the row that Hugging Face has at <paramref name="row"/>.</summary>
    public static long InGguf(long row, int headSize)
    {
        long within = row % headSize, half = headSize / 2;
        return row - within + within % half * 2 + within / half;
    }
}
