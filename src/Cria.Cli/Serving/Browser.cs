using System.ComponentModel;
using System.Diagnostics;

namespace Cria.Cli.Serving;

/// <summary>The user's browser.</summary>
internal static class Browser
{
    /// <summary>True where there is a desktop to show it on.</summary>
    public static bool HasDesktop() => OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY")) || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY"));

    /// <summary>Opens an address; nothing happens where there is no browser, since the address is printed as well.</summary>
    public static void Open(string address)
    {
        try
        {
            ProcessStartInfo start = OperatingSystem.IsWindows() ? new ProcessStartInfo(address) { UseShellExecute = true }
                : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [address]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process? browser = Process.Start(start);
        }
        catch (Win32Exception)
        {
        }
    }
}
