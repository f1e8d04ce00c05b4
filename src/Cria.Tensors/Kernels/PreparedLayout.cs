namespace Cria.Tensors.Kernels;

/// <summary>
/// The layout of weights that the kernels of a CPU level want: as they are stored, or 16 rows side by side (<see cref="Quantization.InterleavedRows"/>). Every level reads both and gives the same bits.
/// A layout goes by the lowest level that wants it: those above AVX2 want the same.
/// </summary>
internal static class PreparedLayout
{
    /// <summary>The layout with which this processor is faster at the level in force; null where it takes weights as they are stored.</summary>
    public static CpuLevel? Here => KernelTable.HasDirect(Cpu.Level) ? Of(Cpu.Level) : null;

    /// <summary>The layouts there are besides the stored one.</summary>
    public static IEnumerable<CpuLevel> Levels => Enum.GetValues<CpuLevel>().Select(Of).Distinct().Where(level => Enum.GetValues<TensorType>().Any(type => IsInterleaved(type, level)));

    /// <summary>
    /// True when weights of a type are wanted side by side: floats, and those for which <see cref="KernelTable.Direct"/> has a kernel. Asked of the level, not of this processor: files are prepared here for machines elsewhere.
    /// </summary>
    public static bool IsInterleaved(TensorType type, CpuLevel level) =>
        level >= CpuLevel.Avx2 && type is TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.Q4_0 or TensorType.Q8_0 or TensorType.Q4_K or TensorType.Q6_K;

    private static CpuLevel Of(CpuLevel level) => level < CpuLevel.Avx2 ? level : CpuLevel.Avx2;

    /// <summary>A level's name, as <c>CRIA_CPU</c> takes it.</summary>
    public static string NameOf(CpuLevel level) => level.ToString().ToLowerInvariant();

    /// <summary>The layout of the level of a name. Throws <see cref="CriaException"/> when there is none.</summary>
    public static CpuLevel Parse(string name)
    {
        foreach (CpuLevel level in Enum.GetValues<CpuLevel>())
        {
            if (NameOf(level).Equals(name, StringComparison.OrdinalIgnoreCase)) return Of(level);
        }
        throw new CriaException($"'{name}' is no CPU level; it can be {string.Join(", ", Enum.GetValues<CpuLevel>().SkipLast(1).Select(NameOf))} or {NameOf(Enum.GetValues<CpuLevel>()[^1])}");
    }
}
