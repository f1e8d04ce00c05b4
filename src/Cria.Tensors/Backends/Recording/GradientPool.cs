using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends.Recording;

/// <summary>
/// Gradients of a step's tensors while the backward pass needs them. Memory goes back as soon as a tensor's maker has read its gradient, and is taken again for
/// the next; two tensors whose gradients are equal share one buffer until one of them is added to.
/// </summary>
internal sealed unsafe class GradientPool : IDisposable
{
    private readonly Dictionary<nint, Shared> current = [];
    private readonly List<Shared> free = [];

    private sealed class Shared(long bytes)
    {
        public NativeBuffer? Own { get; } = bytes == 0 ? null : new NativeBuffer(bytes);

        public float* Data { get; set; }

        public int Users { get; set; }
    }

    /// <summary>Bytes held.</summary>
    public long ReservedBytes => free.Sum(buffer => buffer.Own!.ByteCount);

    /// <summary>The gradient of a tensor, or null when nothing flowed into it.</summary>
    public float* Of(Tensor x) => current.TryGetValue((nint)x.Data, out Shared? gradient) ? gradient.Data : null;

    /// <summary>Where to write a tensor's gradient. With <paramref name="accumulate"/> there is one already, to be added to.</summary>
    public float* Into(Tensor x, out bool accumulate)
    {
        accumulate = current.TryGetValue((nint)x.Data, out Shared? gradient);
        if (accumulate && gradient!.Users == 1) return gradient.Data;
        Shared own = Take(x);
        if (accumulate)
        {
            long bytes = (long)x.Rows * x.Columns * sizeof(float);
            Buffer.MemoryCopy(gradient!.Data, own.Data, bytes, bytes);
            Drop(gradient);
        }
        current[(nint)x.Data] = own;
        return own.Data;
    }

    /// <summary>Gives <paramref name="x"/>, into which nothing flowed yet, the same gradient as <paramref name="y"/>.</summary>
    public bool TryShare(Tensor x, Tensor y)
    {
        Shared gradient = current[(nint)y.Data];
        if (!current.TryAdd((nint)x.Data, gradient)) return false;
        gradient.Users++;
        return true;
    }

    /// <summary>Uses the tensor's own memory, whose values are no longer needed, for its gradient.</summary>
    public void InPlace(Tensor x) => current.Add((nint)x.Data, new Shared(0) { Data = x.Data, Users = 1 });

    /// <summary>Says that a tensor's gradient was read for the last time.</summary>
    public void Release(Tensor x)
    {
        if (current.Remove((nint)x.Data, out Shared? gradient)) Drop(gradient);
    }

    /// <summary>Forgets all gradients.</summary>
    public void Clear()
    {
        foreach (Shared gradient in current.Values) Drop(gradient);
        current.Clear();
    }

    public void Dispose()
    {
        Clear();
        foreach (Shared buffer in free) buffer.Own!.Dispose();
        free.Clear();
    }

    private Shared Take(Tensor x)
    {
        long bytes = Math.Max(64, (long)x.Rows * x.Columns * sizeof(float));
        // A buffer twice as large at most: steps differ in their number of tokens, and layers in width.
        int best = -1;
        for (int i = 0; i < free.Count; i++)
        {
            long size = free[i].Own!.ByteCount;
            if (size >= bytes && size <= 2 * bytes && (best < 0 || size < free[best].Own!.ByteCount)) best = i;
        }
        Shared result;
        if (best >= 0)
        {
            result = free[best];
            free.RemoveAt(best);
        }
        else
        {
            result = new Shared(bytes);
            result.Data = (float*)result.Own!.Data;
        }
        result.Users = 1;
        return result;
    }

    private void Drop(Shared gradient)
    {
        if (--gradient.Users == 0 && gradient.Own is not null) free.Add(gradient);
    }
}
