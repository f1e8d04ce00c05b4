using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Packing.OneFile;

/// <summary>A model about to be packed, whatever its form, as one GGUF file: its name, its size, and what writes it.</summary>
/// <param name="Name">A file name that ends in .gguf.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Write">Writes them.</param>
internal sealed record PackedModel(string Name, long Length, Action<Stream> Write)
{
    private const int PieceBytes = 4 << 20;

    /// <summary>A GGUF file is taken as it is, byte for byte; parts are joined, prepared weights put back, other forms translated.</summary>
    public static PackedModel From(ITensorSource source, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
    {
        if (source is GgufReader { Whole: { } whole, PreparedFor: null })
        {
            return new PackedModel(NameOf(source.Path), whole.Length, output =>
            {
                for (long at = 0; at < whole.Length; at += PieceBytes)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    output.Write(whole.File.Span(whole.Start + at, (int)Math.Min(PieceBytes, whole.Length - at)));
                    progress?.Report(new TensorProgress(source.Path, Math.Min(at + PieceBytes, whole.Length), whole.Length));
                }
            });
        }
        IReadOnlyList<GgufEntry> entries = GgufEntries.Of(source);
        TensorContent[] contents = FileParts.Contents(source, progress, cancellationToken);
        return new PackedModel(NameOf(source.Path), GgufWriter.ByteCount(entries, contents), output => GgufWriter.Write(output, entries, contents));
    }

    /// <summary>The model in the layout that a CPU level wants, under the name it has in the archive.</summary>
    public static PackedModel Prepared(ITensorSource source, CpuLevel level, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
    {
        (IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> contents) = Preparation.Parts(source, level, progress, cancellationToken);
        return new PackedModel(PackedFile.PreparedMember(level), GgufWriter.ByteCount(entries, contents), output => GgufWriter.Write(output, entries, contents));
    }

    private static string NameOf(string path)
    {
        if (File.Exists(path) && PackedFile.TryOpen(path)?.ModelName is { } packed) return packed;
        if (GgufPartName.TryParse(path, out GgufPartName part)) path = part.Stem;
        string name = Path.GetFileName(path.TrimEnd('/', '\\'));
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? name : name + ".gguf";
    }
}
