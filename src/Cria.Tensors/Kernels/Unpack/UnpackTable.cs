using System.Collections.Frozen;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>The switch from a format and a level to its unpacker.</summary>
internal static class UnpackTable
{
    private static readonly FrozenDictionary<TensorType, Unpacker> Portable = All<Rows128>();
    private static readonly FrozenDictionary<TensorType, Unpacker> Avx2 = All<Rows256<RowAfterRow>>();
    private static readonly FrozenDictionary<TensorType, Unpacker> Avx2Interleaved = All<Rows256<SideBySide>>(new PackedQ6_KUnpacker<Rows256<SideBySide>>());
    private static readonly FrozenDictionary<TensorType, Unpacker> Avx512Interleaved = All<Rows512>(new PackedQ6_KUnpacker<Rows512>());
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
        FrozenDictionary<TensorType, Unpacker> table = level switch
        {
            CpuLevel.Portable => Portable,
            CpuLevel.Avx2 => Avx2,
            _ => Avx512,
        };
        return table.TryGetValue(type, out Unpacker? unpacker) ? unpacker : throw new ArgumentException($"{type} at {level} has no unpacker", nameof(type));
    }

    /// <summary>The unpacker of rows that lie side by side, which takes <see cref="SideBySide.Pointer"/>; null where there is none at a level.</summary>
    public static Unpacker? Interleaved(TensorType type, CpuLevel level) => level switch
    {
        CpuLevel.Portable => null,
        CpuLevel.Avx2 => Avx2Interleaved[type],
        _ => Avx512Interleaved[type],
    };

    private static FrozenDictionary<TensorType, Unpacker> All<T>(Unpacker? q6_K = null) where T : struct, IRows<T> => new Dictionary<TensorType, Unpacker>
    {
        [TensorType.Q4_0] = new BlockUnpacker<Q4_0Reader, T>(),
        [TensorType.Q4_1] = new BlockUnpacker<Q4_1Reader, T>(),
        [TensorType.Q5_0] = new BlockUnpacker<Q5_0Reader, T>(),
        [TensorType.Q5_1] = new BlockUnpacker<Q5_1Reader, T>(),
        [TensorType.Q8_0] = new BlockUnpacker<Q8_0Reader, T>(),
        [TensorType.Q2_K] = new Q2_KUnpacker<T>(),
        [TensorType.Q3_K] = new Q3_KUnpacker<T>(),
        [TensorType.Q4_K] = new Q4_KUnpacker<T>(),
        [TensorType.Q5_K] = new Q5_KUnpacker<T>(),
        [TensorType.Q6_K] = q6_K ?? new Q6_KUnpacker<T>(),
        [TensorType.IQ4_NL] = new BlockUnpacker<IQ4_NLReader, T>(),
        [TensorType.IQ4_XS] = new IQ4_XSUnpacker<T>(),
    }.ToFrozenDictionary();
}
