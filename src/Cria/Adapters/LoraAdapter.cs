using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Adapters;

/// <summary>A LoRA adapter in memory.</summary>
public sealed class LoraAdapter
{
    private readonly Dictionary<string, LoraMatrix> byTarget = new(StringComparer.Ordinal);

    /// <summary>Wraps the factors of an adapter. Throws <see cref="CriaException"/> when there are none, two are for the same weight, or sizes contradict each other.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="matrices">The factors.</param>
    public LoraAdapter(string source, IReadOnlyList<LoraMatrix> matrices)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        Source = source;
        Matrices = matrices;
        if (matrices.Count == 0) throw new CriaException($"{source}: the adapter changes no weight; fetch it again");
        foreach (LoraMatrix matrix in matrices)
        {
            if (matrix.Rank < 1 || matrix.Down.Length != (long)matrix.Rank * matrix.Columns || matrix.Up.Length != (long)matrix.Rank * matrix.Rows || !double.IsFinite(matrix.Alpha))
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{source}: the factors of {matrix.Target} do not fit together (rank {matrix.Rank}, alpha {matrix.Alpha}); fetch the adapter again"));
            if (!byTarget.TryAdd(matrix.Target, matrix)) throw new CriaException($"{source}: {matrix.Target} is adapted twice; fetch the adapter again");
        }
    }

    /// <summary>The file or folder, for messages.</summary>
    public string Source { get; }

    /// <summary>The factors, a pair for each adapted weight.</summary>
    public IReadOnlyList<LoraMatrix> Matrices { get; }

    /// <summary>The model it was trained on, where the adapter says so.</summary>
    public string? BaseModel { get; init; }

    /// <summary>
    /// Opens an adapter: a folder in PEFT's form (<c>adapter_config.json</c> and <c>adapter_model.safetensors</c>) or one of its files, or a GGUF adapter.
    /// </summary>
    /// <param name="path">File or folder.</param>
    /// <param name="headSize">Features of a head of the model it is for: PEFT keeps query and key rows in another order than GGUF.</param>
    /// <exception cref="CriaException">It is no adapter, is damaged, or is of a kind that cannot be applied; the message says which.</exception>
    public static LoraAdapter Open(string path, int headSize)
    {
        if (Directory.Exists(path)) return PeftFolder.Read(path, headSize);
        if (!File.Exists(path)) throw new CriaException($"{path}: there is no such adapter; check the path");
        string name = Path.GetFileName(path);
        return name is PeftFolder.ConfigName || name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? PeftFolder.Read(Path.GetDirectoryName(Path.GetFullPath(path))!, headSize)
            : GgufAdapter.Read(path);
    }

    /// <summary>Writes the adapter: as GGUF where the name ends in .gguf, else as a folder in PEFT's form.</summary>
    /// <param name="path">File or folder; it appears under its name when it is whole.</param>
    /// <param name="headSize">Features of a head of the model it is for.</param>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void Write(string path, int headSize)
    {
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) GgufAdapter.Write(path, this);
        else PeftFolder.Write(path, this, headSize);
    }

    /// <summary>The factors for a weight, or null.</summary>
    public LoraMatrix? Find(string target) => byTarget.GetValueOrDefault(target);

    /// <summary>Checks that a model has every weight the adapter changes, in its shape.</summary>
    /// <exception cref="CriaException">It does not; the message names the first weight that does not fit.</exception>
    public void CheckFits(ITensorSource model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (LoraMatrix matrix in Matrices)
        {
            if (matrix.Target == "token_embd.weight") throw new CriaException($"{Source}: the adapter changes the token embedding, which Cria does not support; train it on the other matrices");
            if (!model.TryGet(matrix.Target, out TensorInfo info)) throw new CriaException($"{Source}: the adapter changes {ForeignText.Shown(matrix.Target)}, which {model.Path} does not have; it was made for another model");
            if (info.Rows != matrix.Rows || info.Columns != matrix.Columns)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Source}: the adapter is for a {matrix.Target} of [{matrix.Rows}, {matrix.Columns}], but that of {model.Path} is [{info.Rows}, {info.Columns}]; it was made for another model"));
        }
    }
}
