using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// Quantizes a model to W8A8: the matrices of its layers become bytes with a scale a row, embedding, output and norms stay 16 bits wide, and whoever runs it rounds the
/// inputs to bytes with a scale a token. The result is a Hugging Face folder in the form of compressed-tensors, which vLLM reads too. Weights stream through.
/// </summary>
public static class W8A8Quantizer
{
    /// <summary>
    /// Throws <see cref="CriaException"/> when <paramref name="folder"/> cannot be the result's name, or when weights are quantized already and that is not allowed:
    /// good to know before inputs are measured.
    /// </summary>
    public static void Check(ITensorSource source, string folder, W8A8Options options)
    {
        if (folder.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) throw new CriaException($"{folder}: GGUF has no form for W8A8; name a new folder, or choose Q8_0 for a GGUF file");
        PendingFolder.CheckIsNew(folder);
        if (options.Alpha is not (>= 0 and <= 1)) throw new CriaException($"{options.Alpha} is no share between 0 and 1; SmoothQuant suits Llama 3 at {W8A8Options.DefaultAlpha}");
        foreach (TensorInfo tensor in source.Tensors)
        {
            if (tensor.Shape.Count > 1 && BlockFormat.Of(tensor.Type).IsQuantized && !options.AllowRequantize)
                throw new CriaException($"{source.Path}: {tensor.Name} is {tensor.Type} already; start from an F32, F16 or BF16 model, or allow requantizing (--allow-requantize, in code AllowRequantize; it costs quality)");
        }
    }

    /// <summary>
    /// Writes the folder; it appears under its name when it is whole. Throws <see cref="CriaException"/> where <see cref="Check"/> does, when the folder cannot be written,
    /// or when a weight is not a finite number.
    /// </summary>
    public static void Write(ITensorSource source, string folder, W8A8Options options, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(source, folder, options);
        Smoothing? smoothing = options.Ranges is { } ranges ? new Smoothing(source, ranges, options.Alpha, HuggingFaceExport.SixteenBits(source), options.Threads) : null;
        new HuggingFaceExport(source, new ConvertOptions { Threads = options.Threads }, progress, cancellationToken, toW8A8: true, smoothing).Write(folder);
    }
}
