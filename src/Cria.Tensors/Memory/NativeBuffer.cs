using System.Runtime.InteropServices;

namespace Cria.Tensors.Memory;

/// <summary>Zeroed memory outside the managed heap, aligned for vectors and, when large, for 2 MiB pages.</summary>
public sealed unsafe partial class NativeBuffer : IDisposable
{
    private const int HugePage = 2 << 20;
    private const int AdviseHugePages = 14;
    private byte* data;

    /// <summary>Allocates <paramref name="byteCount"/> zeroed bytes. Throws <see cref="CriaException"/> when the system has no such memory.</summary>
    public NativeBuffer(long byteCount) : this(byteCount, clear: true)
    {
    }

    private NativeBuffer(long byteCount, bool clear)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ByteCount = byteCount;
        bool large = byteCount >= HugePage;
        nuint size = (nuint)Math.Max(byteCount, 64);
        try
        {
            data = (byte*)NativeMemory.AlignedAlloc(size, large ? HugePage : 64u);
        }
        catch (OutOfMemoryException e)
        {
            throw new CriaException(FormattableString.Invariant($"not enough memory: {byteCount / 1048576.0:F0} MiB could not be allocated; use a smaller context, batch or model"), e);
        }
        // Fewer page faults and TLB misses; a refusal costs only speed.
        if (large && OperatingSystem.IsLinux()) _ = Advise(data, size, AdviseHugePages);
        if (clear) NativeMemory.Clear(data, size);
    }

    /// <summary>The same without zeros: every byte must be written before it is read.</summary>
    internal static NativeBuffer Unset(long byteCount) => new(byteCount, clear: false);

    /// <summary>True where large buffers lie in 2 MiB pages.</summary>
    internal static bool HasHugePages { get; } = AsksForHugePages();

    /// <summary>Frees the memory if its owner forgot to.</summary>
    ~NativeBuffer() => Free();

    /// <summary>First byte; 64-byte aligned.</summary>
    public byte* Data => data;

    /// <summary>Size in bytes.</summary>
    public long ByteCount { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (data == null) return;
        NativeMemory.AlignedFree(data);
        data = null;
    }

    private static bool AsksForHugePages()
    {
        const string setting = "/sys/kernel/mm/transparent_hugepage/enabled";
        try
        {
            return OperatingSystem.IsLinux() && File.Exists(setting) && !File.ReadAllText(setting).Contains("[never]", StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
