using System.Text.Json;
using System.Text.RegularExpressions;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Adapters;

/// <summary>PEFT's <c>adapter_config.json</c>, as far as it decides what the factors mean.</summary>
internal sealed class PeftConfig
{
    private readonly JsonFile file;
    private readonly double alpha;
    private readonly bool rankStabilized;
    private readonly List<(Regex Module, double Alpha)> patterns = [];

    /// <summary>Reads the file. Throws <see cref="CriaException"/> when it asks for more than a plain LoRA.</summary>
    public PeftConfig(string path)
    {
        file = JsonFile.Read(path);
        string kind = file.Text("peft_type") ?? "LORA";
        if (kind != "LORA") throw new CriaException($"{path}: adapters of the kind {ForeignText.Shown(kind)} cannot be applied; Cria knows LORA");
        if (file.Flag("use_dora", false)) throw new CriaException($"{path}: DoRA adapters cannot be applied; merge it into its model with PEFT first");
        if (file.Flag("fan_in_fan_out", false)) throw new CriaException($"{path}: fan_in_fan_out is for models whose weights are transposed, which no Llama's are; correct the file");
        alpha = file.Number("lora_alpha", 8);
        rankStabilized = file.Flag("use_rslora", false);
        BaseModel = file.Text("base_model_name_or_path");
        if (file.Inside("alpha_pattern") is not { } pattern) return;
        foreach (JsonProperty entry in pattern.Root.EnumerateObject())
            patterns.Add((Pattern(entry.Name), pattern.Number(entry.Name)));
    }

    /// <summary>The model the adapter was trained on.</summary>
    public string? BaseModel { get; }

    /// <summary>What the product of a module's factors is to be multiplied with, times the rank.</summary>
    public double AlphaOf(string module, int rank)
    {
        double own = alpha;
        foreach ((Regex name, double value) in patterns)
        {
            if (!name.IsMatch(module)) continue;
            own = value;
            break;
        }
        // arXiv 2312.03732 divides by the square root of the rank.
        return rankStabilized ? own * Math.Sqrt(rank) : own;
    }

    private Regex Pattern(string key)
    {
        try
        {
            return new Regex($@"^(.*\.)?({key})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw new CriaException($"{file.Path}: alpha_pattern '{ForeignText.Shown(key)}' is not a pattern Cria can read; correct the file", failure);
        }
    }
}
