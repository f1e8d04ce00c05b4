using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// Writes a model in another form: GGUF, or a folder as Hugging Face has it. Weights stream through; where their type stays they stay bit for bit.
/// </summary>
public static class Converter
{
    /// <summary>
    /// Writes a GGUF file where <paramref name="output"/> ends in .gguf, else a Hugging Face folder. It appears under its name when it is whole.
    /// Throws <see cref="CriaException"/> when it cannot be written or the source cannot be expressed in the other form.
    /// </summary>
    public static void Write(ITensorSource source, string output, ConvertOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (options.Type is not (null or TensorType.F32 or TensorType.F16 or TensorType.BF16))
            throw new CriaException($"converting to {options.Type} is quantizing; use 'cria quantize', or convert to F32, F16 or BF16");
        if (Path.GetFullPath(output) == Path.GetFullPath(source.Path)) throw new CriaException($"{output} is the model that is read; choose another name for the result");
        if (output.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) WriteGguf(source, output, options, progress, cancellationToken);
        else new HuggingFaceExport(source, options, progress, cancellationToken).Write(output);
    }

    private static void WriteGguf(ITensorSource source, string path, ConvertOptions options, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
    {
        long total = source.Tensors.Sum(tensor => tensor.ElementCount), done = 0;
        List<TensorContent> contents = [.. source.Tensors.Select(stored =>
        {
            TensorType type = stored.Shape.Count > 1 && options.Type is { } chosen ? chosen : stored.Type;
            TensorInfo to = stored with { Type = type, ByteCount = BlockFormat.Of(type).RowBytes(stored.Columns) * stored.Rows };
            return new TensorContent(to, stream =>
            {
                new TensorTranscoder(source.Path, source.View(stored), stored, to, default, options.Threads)
                    .Write(stream, elements => progress?.Report(new TensorProgress(to.Name, done += elements, total)), cancellationToken);
                source.Release(stored);
            });
        })];
        List<GgufEntry> entries = [.. GgufEntries.Of(source)];
        if (options.Type is { } all && FileType.All.FirstOrDefault(type => type.TensorType == all) is { } fileType)
        {
            int place = entries.FindIndex(entry => entry.Key == "general.file_type");
            var entry = new GgufEntry("general.file_type", GgufValueType.UInt32, fileType.Id);
            if (place >= 0) entries[place] = entry;
            else entries.Add(entry);
        }
        GgufWriter.Write(path, entries, contents);
    }
}
