using System.Runtime.InteropServices;
using Iced.Intel;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>
/// Turns assembled instructions into callable code. A block of memory is first writable, then executable, never both; it lives as long as the process.
/// Where the system forbids executable memory, the assembled levels are not offered.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;
    private const uint WindowsCommitReserve = 0x3000, WindowsReadWrite = 4, WindowsExecuteRead = 0x20;

    /// <summary>True when this process may make memory executable: found out by running one instruction.</summary>
    public static bool IsAvailable { get; } = Probe();

    /// <summary>Assembles the instructions at a fresh address and returns the entry point.</summary>
    public static void* Place(Assembler assembler)
    {
        using var code = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(code), 0);
        byte[] bytes = code.ToArray();
        nuint size = (nuint)((bytes.Length + 4095) & ~4095);
        void* memory = Reserve(size);
        if (memory == null) throw new InvalidOperationException("no memory for assembled code");
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        if (!Seal(memory, size)) throw new InvalidOperationException("the system forbids executable memory");
        return memory;
    }

    private static bool Probe()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !(OperatingSystem.IsLinux() || OperatingSystem.IsWindows())) return false;
        try
        {
            var assembler = new Assembler(64);
            assembler.mov(AssemblerRegisters.eax, 42);
            assembler.ret();
            return ((delegate* unmanaged<int>)Place(assembler))() == 42;
        }
        catch (Exception e) when (e is InvalidOperationException or DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static void* Reserve(nuint size)
    {
        if (OperatingSystem.IsWindows()) return VirtualAlloc(null, size, WindowsCommitReserve, WindowsReadWrite);
        void* memory = Map(null, size, ReadWrite, PrivateAnonymous, -1, 0);
        return memory == (void*)-1 ? null : memory;
    }

    private static bool Seal(void* memory, nuint size)
    {
        if (!OperatingSystem.IsWindows()) return Protect(memory, size, ReadExecute) == 0;
        uint before;
        return VirtualProtect(memory, size, WindowsExecuteRead, &before) != 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("kernel32")]
    private static partial void* VirtualAlloc(void* address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(void* address, nuint size, uint protection, uint* before);
}
