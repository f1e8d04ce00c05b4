using System.Collections.Frozen;

namespace Cria.Tensors.Quantization;

public abstract partial class BlockFormat
{
    /// <summary>Every format a GGUF file can hold, by type.</summary>
    public static FrozenDictionary<TensorType, BlockFormat> All { get; } = new BlockFormat[]
    {
        new F32(), new F16(), new BF16(),
        new Q4_0(), new Q4_1(), new Q5_0(), new Q5_1(), new Q8_0(),
        new Q2_K(), new Q3_K(), new Q4_K(), new Q5_K(), new Q6_K(),
        new IQ4_NL(), new IQ4_XS(),
    }.ToFrozenDictionary(format => format.Type);
}
