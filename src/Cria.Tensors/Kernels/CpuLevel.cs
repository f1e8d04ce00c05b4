using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels;

/// <summary>What a processor can do, in steps; each includes those before it on x86.</summary>
public enum CpuLevel
{
    /// <summary>128-bit vectors of any processor (SSE2, AdvSimd), nothing more.</summary>
    Portable,
    /// <summary>AVX2 and FMA.</summary>
    Avx2,
    /// <summary>AVX-512 F, BW, VL.</summary>
    Avx512,
    /// <summary>AVX-512 with VNNI int8 products, through kernels assembled at run time.</summary>
    Vnni,
}

/// <summary>Finds the level once. <c>CRIA_CPU=portable|avx2|avx512|vnni</c> forces a lower one.</summary>
public static class Cpu
{
    /// <summary>The highest level this processor and system have.</summary>
    public static CpuLevel Highest { get; } = DetectHighest();

    /// <summary>The level in use.</summary>
    public static CpuLevel Level { get; } = Choose();

    /// <summary>The levels this processor has, lowest first; tests run every one of them.</summary>
    public static IEnumerable<CpuLevel> Available => Enum.GetValues<CpuLevel>().Where(level => level <= Highest);

    private static CpuLevel Choose()
    {
        string? forced = Environment.GetEnvironmentVariable("CRIA_CPU");
        if (string.IsNullOrEmpty(forced)) return Highest;
        if (!Enum.TryParse(forced, ignoreCase: true, out CpuLevel level) || !Enum.IsDefined(level))
            throw new CriaException($"CRIA_CPU is \"{forced}\"; it can be portable, avx2, avx512 or vnni");
        return level <= Highest ? level : throw new CriaException($"CRIA_CPU asks for {level}, but this processor reaches {Highest}");
    }

    private static CpuLevel DetectHighest()
    {
        if (!Avx2.IsSupported || !Fma.IsSupported) return CpuLevel.Portable;
        if (!Avx512F.IsSupported || !Avx512BW.IsSupported || !Avx512F.VL.IsSupported) return CpuLevel.Avx2;
        // Leaf 7, ECX bit 11: AVX512_VNNI.
        (_, _, int ecx, _) = X86Base.CpuId(7, 0);
        return (ecx & (1 << 11)) != 0 && Assembled.ExecutableMemory.IsAvailable ? CpuLevel.Vnni : CpuLevel.Avx512;
    }

    /// <summary>A name for reports: the level and the vector extension behind it.</summary>
    public static string Describe() => AdvSimd.IsSupported ? "portable (AdvSimd)" : Level.ToString().ToLowerInvariant();
}
