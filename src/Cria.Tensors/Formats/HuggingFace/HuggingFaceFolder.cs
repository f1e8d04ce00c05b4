using System.Text.Json;
using Cria.Tensors.Formats.Safetensors;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Formats.HuggingFace;

/// <summary>
/// Opens a model folder as Hugging Face has it: <c>config.json</c> and safetensors, in one file or several.
/// Names, settings and the order of query and key rows become GGUF's; vectors become F32, as GGUF keeps them.
/// </summary>
public static unsafe class HuggingFaceFolder
{
    private const string Index = "model.safetensors.index.json";

    /// <summary>True when the folder has what such a model has.</summary>
    public static bool IsOne(string folder) => File.Exists(Path.Combine(folder, "config.json")) && Directory.EnumerateFiles(folder, "*.safetensors").Any();

    /// <summary>
    /// Opens a folder. <paramref name="tokenizerSettings"/> are added to the model's own. Throws <see cref="CriaException"/> when files are missing or damaged,
    /// when the model is no Llama, or when its weights are of a type that <see cref="TensorType"/> does not have.
    /// </summary>
    public static ITensorSource Open(string folder, IEnumerable<KeyValuePair<string, object>>? tokenizerSettings = null)
    {
        HuggingFaceConfig config = HuggingFaceConfig.Read(folder);
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (string path in Shards(folder)) files.Add(SafetensorsFile.Open(path));
            List<AssembledTensor> tensors = Tensors(files, config);
            Dictionary<string, object> settings = new(config.Settings, StringComparer.Ordinal);
            if (FileType(tensors) is { } fileType) settings["general.file_type"] = fileType;
            foreach ((string key, object value) in tokenizerSettings ?? []) settings[key] = value;
            return new AssembledSource(folder, settings, tensors, files);
        }
        catch (Exception failure)
        {
            foreach (SafetensorsFile file in files) file.Dispose();
            if (failure is InvalidOperationException) throw new CriaException($"{folder}: a file holds text that is not valid Unicode; fetch the model again", failure);
            throw;
        }
    }

    private static List<AssembledTensor> Tensors(List<SafetensorsFile> files, HuggingFaceConfig config)
    {
        var tensors = new List<AssembledTensor>();
        Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)>? scales = CompressedTensors.IsUsed(config.Config) ? Scales(files) : null;
        foreach (SafetensorsFile file in files)
        {
            foreach (SafetensorsEntry entry in file.Entries)
            {
                if (scales is not null && CompressedTensors.IsScale(entry.Name)) continue;
                // Old files carry the rotary frequencies, which follow from the settings.
                if (entry.Name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)) continue;
                string name = HuggingFaceNames.ToGguf(entry.Name)
                    ?? throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} is none that a Llama has; Cria runs Llama 2 and Llama 3 models");
                tensors.Add(entry.Type == "I8" && scales is not null ? PresentScaled(file, entry, name, config.HeadSize, scales) : Present(file, entry, name, config.HeadSize));
            }
        }
        if (scales?.Values.FirstOrDefault() is { Entry: { } left } lonely) throw new CriaException($"{lonely.File.Path}: tensor {ForeignText.Shown(left.Name)} has no I8 weight that it scales; quantize or fetch the model again");
        if (config.RopeDivisors is { } divisors) tensors.Add(RopeDivisors.Tensor(divisors));
        return tensors;
    }

    private static Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> Scales(List<SafetensorsFile> files)
    {
        var scales = new Dictionary<string, (SafetensorsFile, SafetensorsEntry)>(StringComparer.Ordinal);
        foreach (SafetensorsFile file in files)
            foreach (SafetensorsEntry entry in file.Entries)
                if (CompressedTensors.IsScale(entry.Name) && !scales.TryAdd(entry.Name, (file, entry))) throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} is there twice; fetch the model again");
        return scales;
    }

    /// <summary>A weight of bytes with its rows' scales, which are taken from <paramref name="scales"/>.</summary>
    private static AssembledTensor PresentScaled(SafetensorsFile file, SafetensorsEntry entry, string name, int headSize, Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> scales)
    {
        if (entry.Shape.Count != 2 || entry.ByteCount == 0 || entry.Shape[1] > int.MaxValue / 4)
            throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} [{string.Join(", ", entry.Shape)}] is no matrix; fetch the model again");
        if (!scales.Remove(CompressedTensors.ScaleOf(entry.Name), out var found))
            throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} is I8 but its scales, {ForeignText.Shown(CompressedTensors.ScaleOf(entry.Name))}, are missing; quantize or fetch the model again");
        var info = new TensorInfo(name, TensorType.I8, entry.Shape, entry.ByteCount);
        float[] values = CompressedTensors.ReadScales(found.File, found.Entry, info.Rows);
        var rowScales = new NativeBuffer(info.Rows * sizeof(float));
        bool isRotary = IsRotary(file, entry, name, headSize);
        for (long row = 0; row < info.Rows; row++) ((float*)rowScales.Data)[row] = values[isRotary ? RotaryRows.InHuggingFace(row, headSize) : row];
        byte* data = file.Data(entry);
        int rowBytes = (int)info.Columns;
        return isRotary
            ? new AssembledTensor(info, (row, bytes) => new ReadOnlySpan<byte>(data + RotaryRows.InHuggingFace(row, headSize) * rowBytes, rowBytes).CopyTo(bytes), rowScales)
            : new AssembledTensor(info, file.Mapped, data, rowScales);
    }

    /// <summary>True for query and key weights, whose rows have another order in GGUF.</summary>
    private static bool IsRotary(SafetensorsFile file, SafetensorsEntry entry, string name, int headSize)
    {
        if (!name.Contains("attn_q.", StringComparison.Ordinal) && !name.Contains("attn_k.", StringComparison.Ordinal)) return false;
        return entry.Shape[0] % headSize == 0 ? true : throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} has {entry.Shape[0]} rows, no multiple of the head size {headSize}; fetch the model again");
    }

    private static AssembledTensor Present(SafetensorsFile file, SafetensorsEntry entry, string name, int headSize)
    {
        TensorType type = entry.Type switch
        {
            "F32" => TensorType.F32,
            "F16" => TensorType.F16,
            "BF16" => TensorType.BF16,
            _ => throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} is stored as {entry.Type}; Cria reads F32, F16 and BF16 weights, and I8 where config.json has a quantization_config for W8A8"),
        };
        if (entry.Shape.Count is 0 or > 2 || entry.ByteCount == 0 || entry.Shape[^1] > int.MaxValue / 4)
            throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(entry.Name)} [{string.Join(", ", entry.Shape)}] is no vector or matrix; fetch the model again");
        var info = new TensorInfo(name, type, entry.Shape, entry.ByteCount);
        byte* data = file.Data(entry);
        int rowBytes = checked((int)(entry.ByteCount / info.Rows));
        if (entry.Shape.Count == 1 && type != TensorType.F32)
        {
            BlockFormat format = BlockFormat.Of(type);
            return new AssembledTensor(info with { Type = TensorType.F32, ByteCount = info.ElementCount * sizeof(float) },
                (_, bytes) => format.Decode(new ReadOnlySpan<byte>(data, rowBytes), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)));
        }
        if (!IsRotary(file, entry, name, headSize)) return new AssembledTensor(info, file.Mapped, data);
        return new AssembledTensor(info, (row, bytes) => new ReadOnlySpan<byte>(data + RotaryRows.InHuggingFace(row, headSize) * rowBytes, rowBytes).CopyTo(bytes));
    }

    /// <summary>The files with weights: those the index names, else all there are.</summary>
    private static string[] Shards(string folder)
    {
        JsonFile? index = JsonFile.ReadIfThere(Path.Combine(folder, Index));
        if (index is null)
        {
            string[] all = [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
            return all.Length > 0 ? all : throw new CriaException($"{folder} has no .safetensors file; fetch the model again");
        }
        if (index.Find("weight_map") is not { ValueKind: JsonValueKind.Object } map) throw new CriaException($"{index.Path}: weight_map is missing; fetch the file again");
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            // A name from a file must not lead out of the folder.
            if (name.Length == 0 || name != Path.GetFileName(name) || name.Contains('\\', StringComparison.Ordinal)) throw new CriaException($"{index.Path}: '{ForeignText.Shown(name)}' is no name of a file in this folder; fetch the file again");
            if (names.Add(name) && !File.Exists(Path.Combine(folder, name))) throw new CriaException($"{Path.Combine(folder, name)} is missing; the model is not complete, fetch that file");
        }
        return [.. names.Select(name => Path.Combine(folder, name))];
    }

    /// <summary>The number of <c>general.file_type</c>: what most of the weights are; null for W8A8, which has no number.</summary>
    private static long? FileType(List<AssembledTensor> tensors)
    {
        if (tensors.Any(tensor => tensor.Info.Type == TensorType.I8)) return null;
        TensorType? most = tensors.Where(tensor => tensor.Info.Shape.Count > 1).GroupBy(tensor => tensor.Info.Type).MaxBy(group => group.Sum(tensor => tensor.Info.ByteCount))?.Key;
        return most == TensorType.BF16 ? 32 : most == TensorType.F16 ? 1 : 0;
    }
}
