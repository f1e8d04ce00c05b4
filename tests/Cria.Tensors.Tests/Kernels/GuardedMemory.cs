using System.Runtime.InteropServices;

namespace Cria.Tensors.Tests.Kernels;

/// <summary>Bytes that end at an unreadable page, so that reading past them ends the process; on systems other than Linux plain memory.</summary>
internal sealed unsafe class GuardedMemory : IDisposable
{
    private const int PageBytes = 64 << 10; // a multiple of every page size in use
    private const int Readable = 1, Writable = 2, PrivateAnonymous = 0x22;
    private readonly byte* start;
    private readonly nuint length;

    public GuardedMemory(int byteCount)
    {
        nuint usable = (nuint)((byteCount + PageBytes - 1) / PageBytes * PageBytes);
        length = usable + PageBytes;
        if (!OperatingSystem.IsLinux())
        {
            start = (byte*)NativeMemory.AllocZeroed(length);
        }
        else
        {
            start = (byte*)Map(null, length, Readable | Writable, PrivateAnonymous, -1, 0);
            Assert.True((nint)start != -1 && Protect(start + usable, PageBytes, 0) == 0, "no guarded memory");
        }
        Data = start + usable - byteCount;
    }

    public byte* Data { get; }

    public void Dispose()
    {
        if (!OperatingSystem.IsLinux()) NativeMemory.Free(start);
        else _ = Unmap(start, length);
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(void* address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(void* address, nuint length);
}
