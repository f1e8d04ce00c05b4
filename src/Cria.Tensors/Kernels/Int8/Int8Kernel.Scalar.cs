using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>The specification of the int8 product, one multiplication at a time.</summary>
internal sealed unsafe class ScalarInt8Kernel : Int8Kernel
{
    public override int TileTokens => 4;

    public override bool ReadsSigned(Unpacker format) => true;

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens)
    {
        int groups = Int8Activations.BlockSize / format.GroupSize;
        for (int row = 0; row < panels * Unpacker.PanelRows; row++)
        {
            int panel = row / Unpacker.PanelRows, lane = row % Unpacker.PanelRows;
            var weights = (sbyte*)call.Panel + panel * call.NextPanel;
            float* scales = call.Scales + panel * (Int8Call.ScaleStride / sizeof(float));
            float* minimums = call.Minimums + panel * (Int8Call.ScaleStride / sizeof(float));
            for (int token = 0; token < tokens; token++)
            {
                float* y = (float*)((byte*)call.Y + token * call.YTokenBytes) + row;
                float sum = *y;
                for (int block = 0; block < call.Blocks; block++)
                {
                    for (int g = 0; g < groups; g++)
                    {
                        int group = block * groups + g, dot = 0;
                        for (int i = 0; i < format.GroupSize; i++)
                        {
                            int column = g * format.GroupSize + i;
                            int weight = weights[(block * 8 + column / 4) * 64 + lane * 4 + column % 4];
                            dot += weight * call.X[(block * TileTokens + token) * Int8Activations.BlockSize + column];
                        }
                        float scale = scales[group * Unpacker.PanelRows + lane] * call.XScales[block * TileTokens + token];
                        sum = MathF.FusedMultiplyAdd(dot, scale, sum);
                        if (format.HasMinimum) sum = MathF.FusedMultiplyAdd(-minimums[group * Unpacker.PanelRows + lane], call.XSums[group * TileTokens + token], sum);
                    }
                }
                *y = sum;
            }
        }
    }
}
