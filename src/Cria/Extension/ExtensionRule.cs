namespace Cria.Extension;

/// <summary>How a model's rotary positions are changed for a longer context. The first three raise the base, the others stretch positions.</summary>
public enum ExtensionRule
{
    /// <summary>Dynamic NTK for a fixed length: base · (factor · L / L₀ − (factor − 1))^(d/(d−2)). With factor 4 the rule behind the Gradient model cards.</summary>
    DynamicNtk,
    /// <summary>NTK-aware: base · factor^(d/(d−2)).</summary>
    Ntk,
    /// <summary>Critical base, arXiv 2310.05209: base^(ln(L/2π) / ln(L₀/2π)), which lets the slowest pair that was trained over a full turn make it over L.</summary>
    CriticalBase,
    /// <summary>Every frequency divided by the factor (position interpolation, arXiv 2306.15595).</summary>
    Linear,
    /// <summary>YaRN, arXiv 2309.00071.</summary>
    Yarn,
    /// <summary>Llama 3.1's rule.</summary>
    Llama3,
    /// <summary>A base that the caller names.</summary>
    Base,
}
