using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Adapters;

/// <summary>
/// Adapters in PEFT's form: <c>adapter_config.json</c>, and in <c>adapter_model.safetensors</c> for each adapted module
/// <c>base_model.model.MODULE.lora_A.weight</c> [rank, columns] and <c>….lora_B.weight</c> [rows, rank].
/// </summary>
internal static class PeftFolder
{
    /// <summary>The settings' file.</summary>
    public const string ConfigName = "adapter_config.json";

    private const string WeightsName = "adapter_model.safetensors", Prefix = "base_model.model.", Down = ".lora_A", Up = ".lora_B", Suffix = ".weight";

    /// <summary>Reads an adapter; rows of queries and keys come into GGUF's order.</summary>
    public static LoraAdapter Read(string folder, int headSize)
    {
        string configPath = Path.Combine(folder, ConfigName), weightsPath = Path.Combine(folder, WeightsName);
        if (!File.Exists(configPath)) throw new CriaException($"{folder} holds no adapter: {ConfigName} is missing");
        if (!File.Exists(weightsPath))
            throw new CriaException(File.Exists(Path.Combine(folder, "adapter_model.bin")) ? $"{folder}: adapter_model.bin is a pickle, which Cria does not read; save the adapter with safe_serialization" : $"{folder}: {WeightsName} is missing; fetch the adapter again");
        PeftConfig config = new(configPath);
        using SafetensorsFile file = SafetensorsFile.Open(weightsPath);
        var pairs = new Dictionary<string, (SafetensorsEntry? Down, SafetensorsEntry? Up)>(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            (string module, bool isUp) = Parse(entry.Name) ?? throw new CriaException($"{weightsPath}: tensor {ForeignText.Shown(entry.Name)} is no LoRA factor of a Llama's matrix; merge the adapter into its model with PEFT first");
            if (entry.Shape.Count != 2) throw new CriaException($"{weightsPath}: tensor {ForeignText.Shown(entry.Name)} [{string.Join(", ", entry.Shape)}] is no matrix; fetch the adapter again");
            (SafetensorsEntry? down, SafetensorsEntry? up) = pairs.GetValueOrDefault(module);
            pairs[module] = isUp ? (down, entry) : (entry, up);
        }
        return new LoraAdapter(folder, [.. pairs.Select(pair => Matrix(file, config, pair.Key, pair.Value.Down, pair.Value.Up, headSize))]) { BaseModel = config.BaseModel };
    }

    /// <summary>Writes an adapter; a folder that is there already is added to, its two files are replaced.</summary>
    public static void Write(string folder, LoraAdapter adapter, int headSize)
    {
        if (File.Exists(folder)) throw new CriaException($"{folder} is a file; choose the name of a folder, or one ending in .gguf");
        List<SafetensorsContent> contents = [];
        Dictionary<string, LoraMatrix> modules = new(StringComparer.Ordinal);
        foreach (LoraMatrix matrix in adapter.Matrices)
        {
            string name = HuggingFaceNames.FromGguf(matrix.Target) ?? throw new CriaException($"{adapter.Source}: {ForeignText.Shown(matrix.Target)} has no name in Hugging Face's form");
            string module = name[..^Suffix.Length];
            modules.Add(module, matrix);
            float[] up = IsRotary(matrix.Target) ? Reordered(matrix, headSize, RotaryRows.InGguf) : matrix.Up;
            contents.Add(Content($"{Prefix}{module}{Down}{Suffix}", matrix.Rank, matrix.Columns, matrix.Down));
            contents.Add(Content($"{Prefix}{module}{Up}{Suffix}", matrix.Rows, matrix.Rank, up));
        }
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{folder} cannot be made: {failure.Message.ReplaceLineEndings(" ")}; choose another place", failure);
        }
        SafetensorsWriter.Write(Path.Combine(folder, WeightsName), contents);
        PendingFile.Write(Path.Combine(folder, ConfigName), stream => WriteConfig(stream, adapter, modules));
    }

    private static LoraMatrix Matrix(SafetensorsFile file, PeftConfig config, string module, SafetensorsEntry? down, SafetensorsEntry? up, int headSize)
    {
        string target = HuggingFaceNames.ToGguf(module + Suffix) ?? throw new CriaException($"{file.Path}: the adapter changes {ForeignText.Shown(module)}, which no Llama has");
        if (down is null || up is null) throw new CriaException($"{file.Path}: one of the two factors of {ForeignText.Shown(module)} is missing; fetch the adapter again");
        if (up.Shape[1] != down.Shape[0] || down.Shape[0] == 0)
            throw new CriaException($"{file.Path}: the factors of {ForeignText.Shown(module)}, [{string.Join(", ", down.Shape)}] and [{string.Join(", ", up.Shape)}], do not fit together; fetch the adapter again");
        int rank = checked((int)down.Shape[0]);
        LoraMatrix matrix = new(target, rank, checked((int)up.Shape[0]), checked((int)down.Shape[1]), file.ReadFloats(down), file.ReadFloats(up), config.AlphaOf(module, rank));
        if (!IsRotary(target)) return matrix;
        if (matrix.Rows % headSize != 0) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {ForeignText.Shown(module)} has {matrix.Rows} rows, no multiple of the head size {headSize}; the adapter was made for another model"));
        return matrix with { Up = Reordered(matrix, headSize, RotaryRows.InHuggingFace) };
    }

    /// <summary>The module and which factor a tensor is; null when it is none. Between factor and <c>.weight</c> may stand the adapter's own name.</summary>
    private static (string Module, bool IsUp)? Parse(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Suffix, StringComparison.Ordinal)) return null;
        foreach (string factor in new[] { Down, Up })
        {
            int at = name.LastIndexOf(factor, StringComparison.Ordinal);
            if (at > Prefix.Length && name[at + factor.Length] == '.') return (name[Prefix.Length..at], factor == Up);
        }
        return null;
    }

    private static bool IsRotary(string target) => target.Contains("attn_q.", StringComparison.Ordinal) || target.Contains("attn_k.", StringComparison.Ordinal);

    /// <summary>The second factor with row i taken from <paramref name="placeOf"/>(i).</summary>
    private static float[] Reordered(LoraMatrix matrix, int headSize, Func<long, int, long> placeOf)
    {
        var up = new float[matrix.Up.Length];
        for (int row = 0; row < matrix.Rows; row++)
            matrix.Up.AsSpan((int)placeOf(row, headSize) * matrix.Rank, matrix.Rank).CopyTo(up.AsSpan(row * matrix.Rank));
        return up;
    }

    private static SafetensorsContent Content(string name, long rows, long columns, float[] values) =>
        new(name, "F32", [rows, columns], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));

    /// <summary>The most common rank and alpha are the adapter's, others stand in patterns by module.</summary>
    private static void WriteConfig(Stream stream, LoraAdapter adapter, Dictionary<string, LoraMatrix> modules)
    {
        int rank = Common(modules.Values.Select(matrix => matrix.Rank));
        double alpha = Common(modules.Values.Select(matrix => matrix.Alpha));
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("peft_type", "LORA");
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteString("base_model_name_or_path", adapter.BaseModel ?? "");
        json.WriteNumber("r", rank);
        json.WriteNumber("lora_alpha", alpha);
        json.WriteNumber("lora_dropout", 0.0);
        json.WriteStartArray("target_modules");
        foreach (string name in Targets([.. modules.Keys])) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartObject("rank_pattern");
        foreach ((string module, LoraMatrix matrix) in modules)
            if (matrix.Rank != rank) json.WriteNumber(module, matrix.Rank);
        json.WriteEndObject();
        json.WriteStartObject("alpha_pattern");
        foreach ((string module, LoraMatrix matrix) in modules)
            if (matrix.Alpha != alpha) json.WriteNumber(module, matrix.Alpha);
        json.WriteEndObject();
        json.WriteString("bias", "none");
        json.WriteBoolean("use_rslora", false);
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteNull("modules_to_save");
        json.WriteEndObject();
    }

    /// <summary>The last parts of the modules' names, such as <c>q_proj</c>, where every layer has the same ones; else their whole names.</summary>
    private static string[] Targets(string[] modules)
    {
        string[] last = [.. modules.Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct()];
        int layers = modules.Where(module => module.Contains(".layers.", StringComparison.Ordinal)).Select(module => module.Split('.')[2]).Distinct().Count();
        int whole = modules.Count(module => !module.Contains(".layers.", StringComparison.Ordinal));
        return modules.Length == whole + layers * (last.Length - whole) ? last : modules;
    }

    private static T Common<T>(IEnumerable<T> values) where T : notnull => values.GroupBy(value => value).MaxBy(group => group.Count())!.Key;
}
