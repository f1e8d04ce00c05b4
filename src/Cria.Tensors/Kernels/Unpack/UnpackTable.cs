using System.Collections.Frozen;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>The switch from a format and a level to its unpacker.</summary>
internal static class UnpackTable
{
    private static readonly FrozenDictionary<TensorType, Unpacker> Portable = new Dictionary<TensorType, Unpacker>
    {
        [TensorType.Q4_0] = new PortableUnpacker<PortableQ4_0>(),
        [TensorType.Q4_1] = new PortableUnpacker<PortableQ4_1>(),
        [TensorType.Q5_0] = new PortableUnpacker<PortableQ5_0>(),
        [TensorType.Q5_1] = new PortableUnpacker<PortableQ5_1>(),
        [TensorType.Q8_0] = new PortableUnpacker<PortableQ8_0>(),
        [TensorType.Q2_K] = new PortableUnpacker<PortableQ2_K>(),
        [TensorType.Q3_K] = new PortableUnpacker<PortableQ3_K>(),
        [TensorType.Q4_K] = new PortableUnpacker<PortableQ4_K>(),
        [TensorType.Q5_K] = new PortableUnpacker<PortableQ5_K>(),
        [TensorType.Q6_K] = new PortableUnpacker<PortableQ6_K>(),
        [TensorType.IQ4_NL] = new PortableUnpacker<PortableIQ4_NL>(),
        [TensorType.IQ4_XS] = new PortableUnpacker<PortableIQ4_XS>(),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<TensorType, Unpacker> Avx512 = new Dictionary<TensorType, Unpacker>
    {
        [TensorType.Q4_0] = new Avx512Unpacker<Avx512Q4_0>(),
        [TensorType.Q4_1] = new Avx512Unpacker<Avx512Q4_1>(),
        [TensorType.Q5_0] = new Avx512Unpacker<Avx512Q5_0>(),
        [TensorType.Q5_1] = new Avx512Unpacker<Avx512Q5_1>(),
        [TensorType.Q8_0] = new Avx512Unpacker<Avx512Q8_0>(),
        [TensorType.Q2_K] = new Avx512Q2_K(),
        [TensorType.Q3_K] = new Avx512Q3_K(),
        [TensorType.Q4_K] = new Avx512Q4_K(),
        [TensorType.Q5_K] = new Avx512Q5_K(),
        [TensorType.Q6_K] = new Avx512Q6_K(),
        [TensorType.IQ4_NL] = new Avx512Unpacker<Avx512IQ4_NL>(),
        [TensorType.IQ4_XS] = new Avx512IQ4_XS(),
    }.ToFrozenDictionary();

    /// <summary>The types that can be unpacked to bytes: all quantized ones.</summary>
    public static IEnumerable<TensorType> Types => Portable.Keys;

    /// <summary>The unpacker of a quantized type at a level.</summary>
    public static Unpacker For(TensorType type, CpuLevel level)
    {
        if (level >= CpuLevel.Avx512 && Avx512.TryGetValue(type, out Unpacker? unpacker)) return unpacker;
        return Portable.TryGetValue(type, out unpacker) ? unpacker : throw new ArgumentException($"{type} at {level} has no unpacker", nameof(type));
    }
}
