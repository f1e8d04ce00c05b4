using System.Collections.Frozen;

namespace Cria.Tensors.Quantization;

public abstract partial class BlockFormat
{
    /// <summary>Every format there is, by type.</summary>
    public static FrozenDictionary<TensorType, BlockFormat> All { get; } = new BlockFormat[]
    {
        new F32(), new F16(), new BF16(),
    }.ToFrozenDictionary(format => format.Type);
}
