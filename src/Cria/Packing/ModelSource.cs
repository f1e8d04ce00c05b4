using Cria.Hub;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tensors.Formats.MetaCheckpoint;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Kernels;
using Cria.Tensors.Memory;
using Cria.Tokenization;

namespace Cria.Packing;

/// <summary>Opens a model whatever its form.</summary>
public static class ModelSource
{
    /// <summary>
    /// Opens a GGUF file (one or split, whatever it is called), a folder of Hugging Face's or Meta's form (or one of its weight files), a folder with one GGUF model,
    /// or a llamafile or other zip archive with a stored GGUF file. Tensors, settings and vocabulary look the same from all of them.
    /// Where no such file is, <c>ORG/NAME[:VARIANT]</c> means a model of the hub that was pulled; nothing is fetched here.
    /// Throws <see cref="CriaException"/> when there is no model or it is damaged.
    /// </summary>
    public static ITensorSource Open(string path) => Open(path, null);

    /// <summary>The same to be run here: in the layout that this processor's kernels want, where a packed file has it so, or <paramref name="cache"/> holds it or takes it.</summary>
    internal static ITensorSource OpenToRun(string path, PreparedCache? cache)
    {
        CpuLevel? level = PreparedLayout.Here;
        ITensorSource source = Open(path, level);
        if (level is not { } here || cache is null) return source;
        try
        {
            return cache.Prepare(source, here);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The same; of a packed file that holds it prepared for <paramref name="level"/>, that one.</summary>
    internal static ITensorSource Open(string path, CpuLevel? level)
    {
        if (PulledModel.Name(path) is { } name) path = PulledModel.Find(name) ?? throw PulledModel.Missing(name);
        if (Directory.Exists(path)) return OpenFolder(path);
        switch (Path.GetExtension(path).ToUpperInvariant())
        {
            case ".SAFETENSORS" or ".PTH" when File.Exists(path):
                return OpenFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            case ".JSON" when File.Exists(path):
                throw new CriaException($"{path} is a settings file; name the folder it is in");
        }
        return OpenFile(path, level);
    }

    private static ITensorSource OpenFolder(string folder)
    {
        if (HuggingFaceFolder.IsOne(folder)) return HuggingFaceFolder.Open(folder, Vocabulary(folder));
        if (MetaFolder.IsOne(folder)) return MetaFolder.Open(folder, Vocabulary(folder));
        string[] models = [.. Directory.EnumerateFiles(folder, "*.gguf").Where(path => !GgufPartName.TryParse(path, out GgufPartName name) || name.Number == 1).Order(StringComparer.Ordinal)];
        return models switch
        {
            [string one] => GgufReader.Open(one),
            [] => throw new CriaException($"{folder} holds no model: neither config.json with .safetensors files, nor params.json with consolidated.*.pth files, nor a .gguf file"),
            _ => throw new CriaException($"{folder} holds {models.Length} models; name one, such as {models[0]}"),
        };
    }

    private static GgufReader OpenFile(string path, CpuLevel? level)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            if (file.Length >= 4 && file.Span(0, 4).SequenceEqual("GGUF"u8))
            {
                file.Dispose();
                return GgufReader.Open(path);
            }
            if (IsPiece(path)) throw new CriaException($"{path} is one piece of a file; join the pieces first with 'cria join'");
            if (ZipDirectory.TryRead(file) is { } members) return OpenMember(path, file, members, level);
            if (PackedFile.IsCutShort(file)) throw PackedFile.CutShort(path);
            throw new CriaException($"{path} is not a GGUF file nor any other form of model (a zip archive with one, .safetensors, .pth); check the path");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static GgufReader OpenMember(string path, MappedFile file, IReadOnlyList<ZipMember> members, CpuLevel? level)
    {
        foreach (ZipMember member in members)
        {
            if (level is { } here && member.IsStored && member.Name == PackedFile.PreparedMember(here)) return GgufReader.OpenInside(path, file, member.Start, member.Length);
        }
        PackedFile? packed = PackedFile.From(file, members);
        ZipMember[] models = PackedFile.Models(members, packed?.Arguments ?? []);
        if (models.Length == 0 && packed?.ModelPath() is { } weights)
        {
            file.Dispose();
            return GgufReader.Open(weights);
        }
        if (models.Length != 1) throw new CriaException($"{path}: the archive holds {models.Length} .gguf files instead of one; unpack the one you want");
        if (!models[0].IsStored) throw new CriaException($"{path}: {ForeignText.Shown(models[0].Name)} is compressed in the archive; unpack it first");
        return GgufReader.OpenInside(path, file, models[0].Start, models[0].Length);
    }

    private static bool IsPiece(string path) => System.Text.RegularExpressions.Regex.IsMatch(path, @"\.(cat|part)\d+$", System.Text.RegularExpressions.RegexOptions.IgnoreCase);

    private static IReadOnlyDictionary<string, object> Vocabulary(string folder) => Tokenizer.Load(folder).ToMetadata();
}
