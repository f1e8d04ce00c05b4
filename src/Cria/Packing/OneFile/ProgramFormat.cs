using System.Buffers.Binary;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>Which system a program file is for, told by its first bytes, and whether it is a single-file .NET program with everything inside.</summary>
internal static class ProgramFormat
{
    private const int HeadBytes = 64;
    private const int ElfMachineAt = 18, PeHeaderAt = 60, MachMachineAt = 4;
    private const int LongestProgram = 1 << 30;

    /// <summary>What the .NET host looks for in itself: the SHA-256 of ".net core bundle" and a line break; the 8 bytes before it say where the bundle's table lies, 0 in a host without one.</summary>
    private static ReadOnlySpan<byte> BundleMark =>
    [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
        0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];

    /// <summary>The systems that programs can be for, by the names .NET has for them.</summary>
    public static IReadOnlyList<string> Systems { get; } = ["linux-x64", "linux-arm64", "win-x64", "win-arm64", "osx-x64", "osx-arm64"];

    /// <summary>The system the program at the start of the file is for, such as <c>linux-x64</c>; null when it is no program of a system in <see cref="Systems"/>.</summary>
    public static string? System(MappedFile file)
    {
        if (file.Length < HeadBytes) return null;
        ReadOnlySpan<byte> head = file.Span(0, HeadBytes);
        if (head.StartsWith("\x7f"u8) && head[1..4].SequenceEqual("ELF"u8)) return System("linux", BinaryPrimitives.ReadUInt16LittleEndian(head[ElfMachineAt..]), 0x3e, 0xb7);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) == 0xfeedfacf) return System("osx", BinaryPrimitives.ReadUInt32LittleEndian(head[MachMachineAt..]), 0x01000007, 0x0100000c);
        if (!head.StartsWith("MZ"u8)) return null;
        uint place = BinaryPrimitives.ReadUInt32LittleEndian(head[PeHeaderAt..]);
        if (place > file.Length - 6 || !file.Span(place, 4).SequenceEqual("PE\0\0"u8)) return null;
        return System("win", BinaryPrimitives.ReadUInt16LittleEndian(file.Span(place + 4, 2)), 0x8664, 0xaa64);
    }

    /// <summary>True when the file is a .NET program with its libraries inside, among them one of this name.</summary>
    public static bool HasBundled(MappedFile file, string library)
    {
        ReadOnlySpan<byte> program = file.Span(0, (int)Math.Min(file.Length, LongestProgram));
        int mark = program.IndexOf(BundleMark);
        if (mark < 8) return false;
        long table = BinaryPrimitives.ReadInt64LittleEndian(program[(mark - 8)..]);
        return table > 0 && table < program.Length && program[(int)table..].IndexOf(global::System.Text.Encoding.UTF8.GetBytes(library)) >= 0;
    }

    private static string? System(string family, uint machine, uint x64, uint arm64) => machine == x64 ? family + "-x64" : machine == arm64 ? family + "-arm64" : null;
}
