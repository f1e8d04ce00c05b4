using System.Globalization;

namespace Cria.Cli;

/// <summary>What the process was started with as standard input.</summary>
internal static class StandardInput
{
    private const string Flags = "/proc/self/fdinfo/0";
    private const long CloseOnExec = 0x80000;

    /// <summary>
    /// False where it was closed (<c>&lt;&amp;-</c>). Its number then belongs to the first thing that the runtime opened for itself, and reading that would wait for ever;
    /// such a thing is closed on exec, which nothing is that came through one. Where the system does not tell, it counts as open.
    /// </summary>
    public static bool IsOpen()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Flags)) return true;
        string? line = File.ReadLines(Flags).FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal));
        if (line is null) return true;
        long flags = 0;
        foreach (char digit in line["flags:".Length..].Trim()) flags = flags * 8 + CharUnicodeInfo.GetDecimalDigitValue(digit);
        return (flags & CloseOnExec) == 0;
    }
}
