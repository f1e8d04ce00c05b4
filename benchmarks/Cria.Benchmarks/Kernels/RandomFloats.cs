using Cria.Tensors.Memory;

namespace Cria.Benchmarks.Kernels;

/// <summary>Numbers to compute with: the same at every run.</summary>
internal static unsafe class RandomFloats
{
    /// <summary>A buffer of <paramref name="count"/> floats from −1 to 1.</summary>
    public static NativeBuffer Buffer(int count)
    {
        var buffer = new NativeBuffer(count * sizeof(float));
        var random = new Random(1);
        foreach (ref float value in new Span<float>(buffer.Data, count)) value = random.NextSingle() * 2 - 1;
        return buffer;
    }
}
