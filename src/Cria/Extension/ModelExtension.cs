using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;

namespace Cria.Extension;

/// <summary>Writes a model with a longer context. Weights stream from file to file, bit for bit.</summary>
public static class ModelExtension
{
    /// <summary>
    /// Writes the model at <paramref name="input"/> with the plan's settings: a GGUF file where <paramref name="output"/> ends in .gguf, else a Hugging Face folder.
    /// From folder to folder the files are copied and only <c>config.json</c> changes. What is written appears under its name when it is whole.
    /// </summary>
    /// <exception cref="CriaException">The model cannot be read or the result not be written.</exception>
    public static void Write(string input, string output, RotaryPlan plan, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(plan);
        if (!output.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && Directory.Exists(input) && HuggingFaceFolder.IsOne(input))
        {
            new FolderCopy(input, plan, progress, cancellationToken).Write(output);
            return;
        }
        ITensorSource source = ModelSource.Open(input);
        ExtendedSource extended;
        try
        {
            extended = new ExtendedSource(source, plan);
        }
        catch
        {
            source.Dispose();
            throw;
        }
        using (extended) Converter.Write(extended, output, new ConvertOptions(), progress, cancellationToken);
    }
}
