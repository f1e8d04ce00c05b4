using Cria.Tensors;

namespace Cria.Training.LowRank;

/// <summary>What a user chooses about learning an adapter instead of the weights (arXiv 2106.09685).</summary>
public sealed record LoraOptions
{
    /// <summary>The modules of a layer by the names PEFT users know, with GGUF's beside them.</summary>
    private static readonly (string Name, string Gguf)[] Modules =
    [
        ("q_proj", "attn_q"), ("k_proj", "attn_k"), ("v_proj", "attn_v"), ("o_proj", "attn_output"), ("gate_proj", "ffn_gate"), ("up_proj", "ffn_up"), ("down_proj", "ffn_down"),
    ];

    /// <summary>The names a target may have.</summary>
    public static IReadOnlyList<string> TargetNames { get; } = [.. Modules.Select(module => module.Name)];

    /// <summary>Rank of the factors.</summary>
    public required int Rank { get; init; }

    /// <summary>The factors' product is scaled by this over the rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Share of the inputs left out at random while learning.</summary>
    public double Dropout { get; init; }

    /// <summary>Which matrices of each layer are adapted, of <see cref="TargetNames"/>.</summary>
    public IReadOnlyList<string> Targets { get; init; } = TargetNames;

    /// <summary>Throws <see cref="CriaException"/> when a choice makes no sense.</summary>
    public void Check()
    {
        if (Rank is < 1 or > 4096) throw new CriaException($"a rank of {Rank} cannot be; choose 1 to 4096");
        if (!double.IsFinite(Alpha) || Alpha <= 0) throw new CriaException($"an alpha of {Alpha} cannot be; choose more than 0");
        if (Dropout is not (>= 0 and < 1)) throw new CriaException($"a dropout of {Dropout} cannot be; choose 0 to below 1");
        if (Targets.Count == 0) throw new CriaException("no module is to be adapted; name some");
        if (Targets.FirstOrDefault(target => !TargetNames.Contains(target)) is { } unknown) throw new CriaException($"'{unknown}' is no module of a Llama; choose from {string.Join(", ", TargetNames)}");
    }

    /// <summary>Whether the weight of that GGUF name is adapted.</summary>
    internal bool Adapts(string name) => name.StartsWith("blk.", StringComparison.Ordinal) && Modules.Any(module => Targets.Contains(module.Name) && name.EndsWith($".{module.Gguf}.weight", StringComparison.Ordinal));
}
