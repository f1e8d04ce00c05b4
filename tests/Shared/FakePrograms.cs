using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cria.Tests;

/// <summary>Files that look like published crias: the head of a system's program, the mark of a .NET bundle, and its table.</summary>
internal static class FakePrograms
{
    /// <summary>A program that the system this test runs on can start, made from one of its own tools.</summary>
    public static string FromTool(string folder, string tool)
    {
        string path = Path.Combine(folder, "program-" + Path.GetFileName(tool));
        File.WriteAllBytes(path, WithBundle(File.ReadAllBytes(tool)));
        return path;
    }

    /// <summary>A file with the first bytes of a program for a system.</summary>
    public static string For(string folder, string system, bool isBundle = true)
    {
        byte[] bytes = new byte[70_000];
        new Random(system.Sum(letter => letter)).NextBytes(bytes.AsSpan(1024));
        bool isArm = system.EndsWith("arm64", StringComparison.Ordinal);
        switch (system[..3])
        {
            case "lin":
                "\u007fELF\u0002\u0001\u0001"u8.CopyTo(bytes);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(18), isArm ? (ushort)0xb7 : (ushort)0x3e);
                break;
            case "osx":
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0xfeedfacf);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), isArm ? 0x0100000cu : 0x01000007);
                break;
            default:
                // As .NET's linker lays it out, with a program for DOS before the header.
                "MZ"u8.CopyTo(bytes);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x3c), 0x118);
                "This program cannot be run in DOS mode."u8.CopyTo(bytes.AsSpan(0x4e));
                "PE\0\0"u8.CopyTo(bytes.AsSpan(0x118));
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(0x11c), isArm ? (ushort)0xaa64 : (ushort)0x8664);
                break;
        }
        string path = Path.Combine(folder, $"cria-{system}{(isBundle ? "" : "-bare")}");
        File.WriteAllBytes(path, isBundle ? WithBundle(bytes) : bytes);
        return path;
    }

    private static byte[] WithBundle(byte[] program)
    {
        var place = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(place, program.Length + 8 + 32);
        return [.. program, .. place, .. SHA256.HashData(".net core bundle\n"u8), .. "\u0006\0\0\0Cria.Cli.dll"u8];
    }
}
