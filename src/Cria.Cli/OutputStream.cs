using Microsoft.Win32.SafeHandles;

namespace Cria.Cli;

/// <summary>Standard output as a stream that says when its reader has gone.</summary>
internal static class OutputStream
{
    /// <summary>
    /// The console's own stream swallows writes to a closed pipe, and a long answer would go on for nobody (<c>cria run … | head -1</c>);
    /// a file stream fails. Only pipes: on a file it would write at positions of its own, past what others append.
    /// </summary>
    public static Stream Open()
    {
        if (!Console.IsOutputRedirected || OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        try
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Console.OpenStandardOutput();
        }
    }
}
