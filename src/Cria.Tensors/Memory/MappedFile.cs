using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Cria.Tensors.Memory;

/// <summary>
/// A file's bytes where the operating system keeps them: mapped, not copied, read as they are touched.
/// Can also stand on bytes in memory, so that readers need not care where a file came from.
/// </summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? accessor;
    private GCHandle pinned;
    private byte* data;

    private MappedFile(string path, MemoryMappedFile file, MemoryMappedViewAccessor accessor, long length)
    {
        Path = path;
        Length = length;
        this.file = file;
        this.accessor = accessor;
        accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        data += accessor.PointerOffset;
    }

    private MappedFile(string path, byte[] bytes)
    {
        Path = path;
        Length = bytes.Length;
        pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        data = (byte*)pinned.AddrOfPinnedObject();
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>The first byte; valid until the file is disposed.</summary>
    public byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(data is null, this);
            return data;
        }
    }

    /// <summary>Maps a file for reading. Throws <see cref="CriaException"/> when it is not there, empty or may not be read.</summary>
    public static MappedFile Open(string path)
    {
        if (Directory.Exists(path)) throw new CriaException($"{path} is a folder, not a file; name the file in it");
        try
        {
            // A pipe would be waited for, and a device has no end; neither tells a length.
            if (ContentOf(path) is { Exists: true, Length: 0 }) throw new CriaException($"{path} is empty, or a pipe or device and no file; download or convert it again");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            long length = stream.Length;
            if (length == 0) throw new CriaException($"{path} is empty; download or convert it again");
            MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(path, file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CriaException($"{path}: there is no such file; check the path", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    private static FileInfo ContentOf(string path) => new FileInfo(path) is var file && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target : file;

    /// <summary>Stands on bytes in memory, named <paramref name="path"/> in messages. The array must not change while it is in use.</summary>
    public static MappedFile FromBytes(string path, byte[] bytes) => new(path, bytes);

    /// <summary>False when it stands on bytes in memory, which <see cref="Forget"/> leaves alone.</summary>
    internal bool IsMapped => accessor is not null;

    /// <summary>Says that a part of the file is no longer wanted in memory. It can still be read: from the file again.</summary>
    internal void Forget(byte* from, long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((nuint)from, (nuint)data);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((nuint)(from + byteCount), (nuint)(data + Length));
        if (!IsMapped || !OperatingSystem.IsLinux()) return;
        const int doNotNeed = 4;
        nint page = Environment.SystemPageSize;
        var first = (byte*)(((nint)from + page - 1) & -page);
        long whole = (from + byteCount - first) & -page;
        if (whole > 0) _ = Advise(first, (nuint)whole, doNotNeed);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);

    /// <summary>A part of the file. Throws <see cref="ArgumentOutOfRangeException"/> when it reaches outside.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(Data + offset, length);
    }

    /// <summary>Unmaps the file; every pointer into it becomes invalid.</summary>
    public void Dispose()
    {
        if (data is null) return;
        data = null;
        if (pinned.IsAllocated) pinned.Free();
        accessor?.SafeMemoryMappedViewHandle.ReleasePointer();
        accessor?.Dispose();
        file?.Dispose();
    }
}
