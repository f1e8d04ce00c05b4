using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product by intrinsics: one vector of rows × four tokens or one. Where bytes can only be multiplied into 16-bit sums of two products,
/// as many as surely fit are summed in 16 bits before they are widened.
/// </summary>
internal sealed unsafe class VectorInt8Kernel<T> : Int8Kernel where T : struct, IInt8Lanes<T>
{
    private const int Tile = 4;

    public override int TileTokens => Tile;

    public override bool ReadsSigned(Unpacker format) => T.SignedPanel;

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens)
    {
        int together = T.HasPairs ? QuadsTogether(format) : 0;
        for (int panel = 0; panel < panels; panel++)
        {
            for (int row = 0; row < Unpacker.PanelRows; row += T.Rows)
            {
                Int8Call part = call;
                part.Panel += panel * call.NextPanel + row * 4;
                part.Scales += panel * (Int8Call.ScaleStride / sizeof(float)) + row;
                part.Minimums += panel * (Int8Call.ScaleStride / sizeof(float)) + row;
                part.Y += panel * Unpacker.PanelRows + row;
                // Sums start at zero when the bytes multiplied are the values themselves.
                bool starts = !T.SignedPanel && format.Zero != 0 && !(T.HasPairs && together == 0);
                if (tokens == Tile)
                {
                    Four(part, format.GroupSize, format.HasMinimum, starts, together);
                    continue;
                }
                for (int token = 0; token < tokens; token++) One(part, token, format.GroupSize, format.HasMinimum, starts, together);
            }
        }
    }

    /// <summary>How many steps of four columns stay below 2¹⁵ in 16 bits: n · 2 · largest byte · 127. 0 when not even one does.</summary>
    private static int QuadsTogether(Unpacker format) => format.Zero switch
    {
        4 or 8 => 8, // bytes to 15
        0 or 16 => 4, // to 31
        32 => 2, // to 63
        _ => 0,
    };

    private static void Four(in Int8Call call, int groupSize, bool hasMinimum, bool hasStarts, int together)
    {
        byte* panel = call.Panel;
        sbyte* x = call.X;
        float* xScales = call.XScales, scales = call.Scales, minimums = call.Minimums, sums = call.XSums;
        int* starts = call.Starts;
        T y0 = T.Load(call.Y), y1 = T.Load(At(call, 1)), y2 = T.Load(At(call, 2)), y3 = T.Load(At(call, 3));
        for (long block = 0; block < call.Blocks; block++)
        {
            for (int column = 0; column < Int8Activations.BlockSize; column += groupSize)
            {
                T sum0 = default, sum1 = default, sum2 = default, sum3 = default;
                if (hasStarts)
                {
                    sum0 = T.Broadcast(starts);
                    sum1 = T.Broadcast(starts + 1);
                    sum2 = T.Broadcast(starts + 2);
                    sum3 = T.Broadcast(starts + 3);
                    starts += Tile;
                }
                if (together == 0)
                {
                    for (sbyte* end = x + groupSize; x < end; x += 4, panel += 64)
                    {
                        T weights = T.Load(panel);
                        sum0 = T.Dot(sum0, weights, T.Broadcast(x));
                        sum1 = T.Dot(sum1, weights, T.Broadcast(x + 32));
                        sum2 = T.Dot(sum2, weights, T.Broadcast(x + 64));
                        sum3 = T.Dot(sum3, weights, T.Broadcast(x + 96));
                    }
                }
                else
                {
                    for (sbyte* end = x + groupSize; x < end;)
                    {
                        T pairs0 = default, pairs1 = default, pairs2 = default, pairs3 = default;
                        for (sbyte* stop = x + Math.Min(groupSize, together * 4); x < stop; x += 4, panel += 64)
                        {
                            T weights = T.Load(panel);
                            pairs0 = T.Pairs(pairs0, weights, T.Broadcast(x));
                            pairs1 = T.Pairs(pairs1, weights, T.Broadcast(x + 32));
                            pairs2 = T.Pairs(pairs2, weights, T.Broadcast(x + 64));
                            pairs3 = T.Pairs(pairs3, weights, T.Broadcast(x + 96));
                        }
                        sum0 = T.AddPairs(sum0, pairs0);
                        sum1 = T.AddPairs(sum1, pairs1);
                        sum2 = T.AddPairs(sum2, pairs2);
                        sum3 = T.AddPairs(sum3, pairs3);
                    }
                }
                T scale = T.Load(scales);
                y0 = T.AddScaled(y0, sum0, scale, T.Broadcast(xScales));
                y1 = T.AddScaled(y1, sum1, scale, T.Broadcast(xScales + 1));
                y2 = T.AddScaled(y2, sum2, scale, T.Broadcast(xScales + 2));
                y3 = T.AddScaled(y3, sum3, scale, T.Broadcast(xScales + 3));
                scales += Unpacker.PanelRows;
                if (!hasMinimum) continue;
                T minimum = T.Load(minimums);
                y0 = T.SubtractProduct(y0, minimum, T.Broadcast(sums));
                y1 = T.SubtractProduct(y1, minimum, T.Broadcast(sums + 1));
                y2 = T.SubtractProduct(y2, minimum, T.Broadcast(sums + 2));
                y3 = T.SubtractProduct(y3, minimum, T.Broadcast(sums + 3));
                minimums += Unpacker.PanelRows;
                sums += Tile;
            }
            // x has walked through the first token's 32 bytes.
            x += (Tile - 1) * Int8Activations.BlockSize;
            xScales += Tile;
        }
        y0.Store(call.Y);
        y1.Store(At(call, 1));
        y2.Store(At(call, 2));
        y3.Store(At(call, 3));
    }

    private static void One(in Int8Call call, int token, int groupSize, bool hasMinimum, bool hasStarts, int together)
    {
        byte* panel = call.Panel;
        sbyte* x = call.X + token * Int8Activations.BlockSize;
        float* xScales = call.XScales + token, scales = call.Scales, minimums = call.Minimums, sums = call.XSums + token;
        int* starts = call.Starts + token;
        T y = T.Load(At(call, token));
        for (long block = 0; block < call.Blocks; block++)
        {
            for (int column = 0; column < Int8Activations.BlockSize; column += groupSize)
            {
                T sum = default;
                if (hasStarts)
                {
                    sum = T.Broadcast(starts);
                    starts += Tile;
                }
                if (together == 0)
                {
                    T odd = default;
                    for (sbyte* end = x + groupSize; x < end; x += 8, panel += 128)
                    {
                        sum = T.Dot(sum, T.Load(panel), T.Broadcast(x));
                        odd = T.Dot(odd, T.Load(panel + 64), T.Broadcast(x + 4));
                    }
                    sum = T.Sum(sum, odd);
                }
                else
                {
                    for (sbyte* end = x + groupSize; x < end;)
                    {
                        T pairs = default;
                        for (sbyte* stop = x + Math.Min(groupSize, together * 4); x < stop; x += 8, panel += 128)
                            pairs = T.Pairs(T.Pairs(pairs, T.Load(panel), T.Broadcast(x)), T.Load(panel + 64), T.Broadcast(x + 4));
                        sum = T.AddPairs(sum, pairs);
                    }
                }
                y = T.AddScaled(y, sum, T.Load(scales), T.Broadcast(xScales));
                scales += Unpacker.PanelRows;
                if (!hasMinimum) continue;
                y = T.SubtractProduct(y, T.Load(minimums), T.Broadcast(sums));
                minimums += Unpacker.PanelRows;
                sums += Tile;
            }
            x += (Tile - 1) * Int8Activations.BlockSize;
            xScales += Tile;
        }
        y.Store(At(call, token));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* At(in Int8Call call, int token) => (float*)((byte*)call.Y + token * call.YTokenBytes);
}
