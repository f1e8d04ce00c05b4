using System.Runtime.InteropServices;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Linux gives a process the AMX tile registers only when it asks (arch_prctl, ARCH_REQ_XCOMP_PERM); the answer holds for all its threads.</summary>
internal static partial class AmxPermission
{
    private const long ArchPrctl = 158, RequestPermission = 0x1023, TileData = 18;

    /// <summary>Asks; false where the system knows no such thing or refuses.</summary>
    public static bool Request()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return false;
        try
        {
            return SystemCall(ArchPrctl, RequestPermission, TileData) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long first, long second);
}
