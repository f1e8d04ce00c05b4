using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Packing;

/// <summary>
/// Writes a model in the layout that the kernels of a CPU level want, so that it need not be brought about at every start. It is a GGUF file of the same size that only Cria reads,
/// at every level and with the same results; any command that writes a model from it writes a plain one.
/// </summary>
public static class Preparation
{
    private const string Embedding = "token_embd.weight", Output = "output.weight";

    /// <summary>True when a level wants some of the model's weights in another layout than they are stored in.</summary>
    public static bool Changes(ITensorSource source, CpuLevel level) =>
        (source as GgufReader)?.PreparedFor != PreparedLayout.NameOf(level) && Changed(source, level).Any();

    /// <summary>The tensors that a level wants in another layout.</summary>
    internal static IEnumerable<TensorInfo> Changed(ITensorSource source, CpuLevel level) => source.Tensors.Where(tensor => IsInterleaved(source, tensor, level));

    /// <summary>Throws <see cref="CriaException"/>, saying why, where there is nothing to prepare.</summary>
    public static void Check(ITensorSource source, CpuLevel level)
    {
        if (!PreparedLayout.Levels.Contains(level))
            throw new CriaException($"the CPU level {PreparedLayout.NameOf(level)} uses weights as they are stored, so there is nothing to prepare; leave --prepared out, or name the level of other machines ({string.Join(", ", PreparedLayout.Levels.Select(PreparedLayout.NameOf))})");
        if (!Changed(source, level).Any())
            throw new CriaException($"{source.Path} has no weights of a type that the CPU level {PreparedLayout.NameOf(level)} wants in another layout ({string.Join(", ", Enum.GetValues<TensorType>().Where(type => PreparedLayout.IsInterleaved(type, level)))}); leave --prepared out");
    }

    /// <summary>Writes the file; it appears under its name when it is whole and on the disk. Throws <see cref="CriaException"/> when it cannot be written.</summary>
    public static void Write(ITensorSource source, string path, CpuLevel level, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        (IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> contents) = Parts(source, level, progress, cancellationToken);
        WriteWhole(path, entries, contents);
    }

    /// <summary>The same without settings and with the tensors alone that lie otherwise than in the model.</summary>
    internal static void WriteWeights(ITensorSource source, string path, CpuLevel level, IProgress<TensorProgress>? progress, CancellationToken cancellationToken) =>
        WriteWhole(path, [LevelOf(level)], FileParts.Contents(source, progress, cancellationToken, tensor => IsInterleaved(source, tensor, level)).Where(content => content.IsInterleaved).ToArray());

    /// <summary>The settings and tensors of the file.</summary>
    internal static (IReadOnlyList<GgufEntry> Entries, IReadOnlyList<TensorContent> Contents) Parts(ITensorSource source, CpuLevel level, IProgress<TensorProgress>? progress, CancellationToken cancellationToken) =>
        ([.. GgufEntries.Of(source), LevelOf(level)],
         FileParts.Contents(source, progress, cancellationToken, tensor => IsInterleaved(source, tensor, level)));

    private static GgufEntry LevelOf(CpuLevel level) => new(PreparedGguf.LevelKey, GgufValueType.String, PreparedLayout.NameOf(level));

    private static void WriteWhole(string path, IReadOnlyList<GgufEntry> entries, IReadOnlyList<TensorContent> contents) => PendingFile.Write(path, stream =>
    {
        GgufWriter.Write(stream, entries, contents);
        // A name must not outlive a failing machine with half of the bytes.
        if (stream is FileStream file) file.Flush(flushToDisk: true);
    });

    /// <summary>Of a table that is only looked up, a row a token, rows stay apart: sixteen would be read for one.</summary>
    private static bool IsInterleaved(ITensorSource source, TensorInfo tensor, CpuLevel level) =>
        PreparedLayout.IsInterleaved(tensor.Type, level) && tensor.Rows >= 16 && (tensor.Name != Embedding || !source.TryGet(Output, out _));
}
