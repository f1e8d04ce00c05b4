using System.Runtime.InteropServices;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Adapters;

/// <summary>
/// Adapters in GGUF: <c>general.type</c> is <c>adapter</c>, <c>adapter.type</c> is <c>lora</c>, <c>adapter.lora.alpha</c> holds alpha,
/// and a weight NAME has its factors in <c>NAME.lora_a</c> [rank, columns] and <c>NAME.lora_b</c> [rows, rank].
/// </summary>
internal static class GgufAdapter
{
    private const string DownSuffix = ".lora_a", UpSuffix = ".lora_b";

    /// <summary>Reads an adapter.</summary>
    public static LoraAdapter Read(string path)
    {
        using GgufReader file = GgufReader.Open(path);
        ModelMetadata settings = file.Metadata;
        if (settings.Text("general.type", "model") != "adapter") throw new CriaException($"{path} is a GGUF file but no adapter; name an adapter, or the model with -m");
        string kind = settings.Text("adapter.type", "lora");
        if (kind != "lora") throw new CriaException($"{path}: adapters of the kind {ForeignText.Shown(kind)} cannot be applied; Cria knows lora");
        string architecture = settings.Text("general.architecture", "llama");
        if (architecture != "llama") throw new CriaException($"{path}: the adapter is for {ForeignText.Shown(architecture)}, not for a Llama");
        double alpha = settings.Number("adapter.lora.alpha", 0);
        List<LoraMatrix> matrices = [];
        foreach (TensorInfo tensor in file.Tensors)
        {
            if (tensor.Name.EndsWith(UpSuffix, StringComparison.Ordinal) && file.TryGet(tensor.Name[..^UpSuffix.Length] + DownSuffix, out _)) continue;
            string target = tensor.Name.EndsWith(DownSuffix, StringComparison.Ordinal) ? tensor.Name[..^DownSuffix.Length] : "";
            if (target.Length == 0 || !file.TryGet(target + UpSuffix, out TensorInfo up))
                throw new CriaException($"{path}: tensor {ForeignText.Shown(tensor.Name)} is no half of a pair of factors; convert the adapter again");
            if (tensor.Shape.Count != 2 || up.Shape.Count != 2 || up.Columns != tensor.Rows)
                throw new CriaException($"{path}: the factors of {ForeignText.Shown(target)}, [{string.Join(", ", tensor.Shape)}] and [{string.Join(", ", up.Shape)}], do not fit together; convert the adapter again");
            int rank = checked((int)tensor.Rows);
            // Without alpha the product is taken as it is.
            matrices.Add(new LoraMatrix(target, rank, checked((int)up.Rows), checked((int)tensor.Columns), Values(file, tensor), Values(file, up), alpha == 0 ? rank : alpha));
        }
        return new LoraAdapter(path, matrices) { BaseModel = settings.Values.GetValueOrDefault("general.base_model.0.name") as string };
    }

    /// <summary>Writes an adapter. GGUF has one alpha for all; a pair with another has the difference in its second factor.</summary>
    public static void Write(string path, LoraAdapter adapter)
    {
        double alpha = adapter.Matrices[0].Alpha;
        Dictionary<string, object> settings = new(StringComparer.Ordinal)
        {
            ["general.type"] = "adapter",
            ["general.architecture"] = "llama",
            ["general.name"] = Path.GetFileNameWithoutExtension(path),
            ["adapter.type"] = "lora",
            ["adapter.lora.alpha"] = alpha,
        };
        if (adapter.BaseModel is { Length: > 0 } name)
        {
            settings["general.base_model.count"] = 1L;
            settings["general.base_model.0.name"] = name;
        }
        List<TensorContent> tensors = [];
        foreach (LoraMatrix matrix in adapter.Matrices)
        {
            float factor = (float)(matrix.Alpha / alpha);
            Add(matrix.Target + DownSuffix, [matrix.Rank, matrix.Columns], matrix.Down);
            Add(matrix.Target + UpSuffix, [matrix.Rows, matrix.Rank], factor == 1 ? matrix.Up : [.. matrix.Up.Select(value => value * factor)]);
        }
        GgufWriter.Write(path, GgufEntries.Of(settings), tensors);

        void Add(string name, long[] shape, float[] values) =>
            tensors.Add(new TensorContent(new TensorInfo(name, TensorType.F32, shape, sizeof(float) * (long)values.Length), stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan()))));
    }

    private static float[] Values(GgufReader file, TensorInfo tensor)
    {
        var values = new float[tensor.ElementCount];
        var format = BlockFormat.Of(tensor.Type);
        TensorView view = file.View(tensor);
        for (long row = 0; row < tensor.Rows; row++) format.Decode(view.Row(row), values.AsSpan(checked((int)(row * tensor.Columns)), (int)tensor.Columns));
        return values;
    }
}
