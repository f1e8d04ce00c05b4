using System.Text.Unicode;
using Cria.Tensors;

namespace Cria.Cli;

/// <summary>Text that comes as an argument or on standard input.</summary>
internal static class PromptText
{
    /// <summary>The argument; standard input where it is <c>-</c> or left out. Throws <see cref="CriaException"/> for text that is not UTF-8, and when nobody would type it.</summary>
    public static string Read(string? argument, string placeholder, Terminal terminal)
    {
        if (argument is not (null or "-")) return Checked(argument, placeholder);
        if (argument is null && terminal.InputIsTerminal) throw new UsageException($"{placeholder} is missing; give it in quotes, or - to read standard input");
        return terminal.ReadAll();
    }

    /// <summary>The runtime replaces argument bytes that are not UTF-8 without a word; the kernel still has them.</summary>
    private static string Checked(string argument, string placeholder)
    {
        const string ownArguments = "/proc/self/cmdline";
        if (argument.Contains('\uFFFD', StringComparison.Ordinal) && OperatingSystem.IsLinux() && File.Exists(ownArguments) && !Utf8.IsValid(File.ReadAllBytes(ownArguments)))
            throw new CriaException($"{placeholder} is not valid UTF-8; convert it first, for example with iconv -t UTF-8");
        return argument;
    }
}
