namespace Cria.Tensors.Formats;

/// <summary>
/// Llama 3.1's rotary scaling as GGUF files carry it: one divisor for each frequency, in the tensor <c>rope_freqs.weight</c>.
/// Wavelengths up to original / high are kept, those beyond original / low are divided by the factor, with a smooth step between.
/// </summary>
internal static class RopeDivisors
{
    /// <summary>The tensor's GGUF name.</summary>
    public const string TensorName = "rope_freqs.weight";

    /// <summary>The divisors of the headSize / 2 frequencies base^(−2i / headSize).</summary>
    public static float[] Of(double frequencyBase, int headSize, double factor, double low, double high, double original)
    {
        var divisors = new float[headSize / 2];
        for (int i = 0; i < divisors.Length; i++)
        {
            double wavelength = 2 * Math.PI * Math.Pow(frequencyBase, 2.0 * i / headSize);
            double smooth = Math.Clamp((original / wavelength - low) / (high - low), 0, 1);
            divisors[i] = (float)(1 / ((1 - smooth) / factor + smooth));
        }
        return divisors;
    }

    /// <summary>The divisors as a tensor.</summary>
    public static AssembledTensor Tensor(float[] divisors) => new(
        new TensorInfo(TensorName, TensorType.F32, [divisors.Length], divisors.Length * sizeof(float)),
        (_, bytes) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(divisors).CopyTo(bytes));
}
