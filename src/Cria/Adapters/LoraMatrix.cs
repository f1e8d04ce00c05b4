namespace Cria.Adapters;

/// <summary>
/// Low-rank factors beside one weight (arXiv 2106.09685): W + scale · up · down. Rows of <see cref="Up"/> are in GGUF's order, as <see cref="Target"/> is GGUF's name.
/// </summary>
/// <param name="Target">The weight, such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Rank">Columns of <see cref="Up"/> and rows of <see cref="Down"/>.</param>
/// <param name="Rows">Output features.</param>
/// <param name="Columns">Input features.</param>
/// <param name="Down">[rank, columns]; PEFT's lora_A.</param>
/// <param name="Up">[rows, rank]; PEFT's lora_B.</param>
/// <param name="Alpha">The product's scale times the rank.</param>
public sealed record LoraMatrix(string Target, int Rank, int Rows, int Columns, float[] Down, float[] Up, double Alpha)
{
    /// <summary>Factor on the product.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>Adds <paramref name="factor"/> · Scale · up[row] · down to a row of the weight.</summary>
    internal void AddRow(int row, double factor, Span<float> weight)
    {
        for (int k = 0; k < Rank; k++)
        {
            float share = (float)(factor * Scale * Up[row * Rank + k]);
            ReadOnlySpan<float> down = Down.AsSpan(k * Columns, Columns);
            int i = 0;
            for (; i <= weight.Length - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
            {
                Span<float> place = weight[i..];
                (new System.Numerics.Vector<float>(place) + share * new System.Numerics.Vector<float>(down[i..])).CopyTo(place);
            }
            for (; i < weight.Length; i++) weight[i] += share * down[i];
        }
    }
}
