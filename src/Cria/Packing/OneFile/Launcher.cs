using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Packing.OneFile;

/// <summary>
/// The first bytes of a file that starts on several systems, and the script they lead to.
/// A Windows program begins with "MZ", then come bytes that Windows does not read, up to its header at the place that the 4 bytes at 0x3c name.
/// <code>
/// 0x00  MZqFpD='           to a shell the beginning of a text…
/// 0x3c  place of the header
/// 0x40  '                  …which ends here
///       a few commands that read the script out of the file and run it, up to `exit`
/// </code>
/// Without a Windows program the file begins with "#!/bin/sh" and the same commands.
/// </summary>
internal static class Launcher
{
    /// <summary>The script lies at a multiple of this, so that <c>dd</c> gets to it in one step.</summary>
    public const int ScriptAlignment = 4096;

    /// <summary>The programs lie at multiples of this, for the same reason.</summary>
    public const int ProgramAlignment = 65536;

    /// <summary>Bytes at the start of a file without a Windows program.</summary>
    public const int PlainHeadBytes = 512;

    private const int HeaderPlaceAt = 0x3c, CommandsAt = 0x40;
    private const string Resource = "launcher.sh";

    private static readonly Dictionary<string, string> Machines = new(StringComparer.Ordinal)
    {
        ["linux-x64"] = "\"Linux x86_64\"|\"Linux amd64\"",
        ["linux-arm64"] = "\"Linux aarch64\"|\"Linux arm64\"",
        ["osx-x64"] = "\"Darwin x86_64\"",
        ["osx-arm64"] = "\"Darwin arm64\"",
    };

    /// <summary>
    /// The script, filled up to a multiple of its alignment. It knows where each program lies in the file, how long it is, and its hash.
    /// </summary>
    public static byte[] Script(IReadOnlyList<PackedProgram> programs)
    {
        var cases = new StringBuilder();
        foreach (PackedProgram program in programs.Where(program => Machines.ContainsKey(program.System)))
            cases.Append(CultureInfo.InvariantCulture, $"{Machines[program.System]}) skip={program.Start / ProgramAlignment} bytes={program.Length} hash={program.Sha256} ;;\n");
        // Apple's processors run programs for Intel's.
        if (programs.FirstOrDefault(program => program.System == "osx-x64") is { } intel && programs.All(program => program.System != "osx-arm64"))
            cases.Append(CultureInfo.InvariantCulture, $"\"Darwin arm64\") skip={intel.Start / ProgramAlignment} bytes={intel.Length} hash={intel.Sha256} ;;\n");
        using var reader = new StreamReader(typeof(Launcher).Assembly.GetManifestResourceStream(Resource)!);
        string script = reader.ReadToEnd().ReplaceLineEndings("\n")
            .Replace("@CASES@\n", cases.ToString(), StringComparison.Ordinal)
            .Replace("@SYSTEMS@", string.Join(", ", programs.Select(program => program.System)), StringComparison.Ordinal);
        byte[] text = Encoding.ASCII.GetBytes(script);
        var filled = new byte[(text.Length + ScriptAlignment) / ScriptAlignment * ScriptAlignment];
        filled.AsSpan().Fill((byte)'\n');
        text.CopyTo(filled, 0);
        return filled;
    }

    /// <summary>The first bytes of a file with a script at <paramref name="start"/>; <paramref name="windows"/> are those of the Windows program, if there is one.</summary>
    public static byte[] Head(ReadOnlySpan<byte> windows, long start, int scriptBytes)
    {
        string commands = string.Create(CultureInfo.InvariantCulture,
            $"o=$0;[ -f \"$o\" ]||o=$(command -v \"$o\")\neval \"$(dd if=\"$o\" bs={ScriptAlignment} skip={start / ScriptAlignment} count={scriptBytes / ScriptAlignment} 2>/dev/null)\"\necho \"cria: $o is cut short\">&2;exit 1\n");
        if (windows.IsEmpty)
        {
            var plain = new byte[PlainHeadBytes];
            plain.AsSpan().Fill((byte)'\n');
            Encoding.ASCII.GetBytes("#!/bin/sh\n" + commands).CopyTo(plain, 0);
            return plain;
        }
        byte[] head = windows.ToArray();
        head.AsSpan(2, HeaderPlaceAt - 2).Fill((byte)' ');
        "MZqFpD='\n"u8.CopyTo(head);
        head.AsSpan(CommandsAt).Fill((byte)'\n');
        Encoding.ASCII.GetBytes("'\n" + commands).CopyTo(head, CommandsAt);
        return head;
    }

    /// <summary>
    /// How many bytes at the start of a Windows program may be replaced: all before its header. Throws <see cref="CriaException"/> when the commands do not fit there,
    /// which no program that .NET makes is short of.
    /// </summary>
    public static int ReplaceableBytes(string path, ReadOnlySpan<byte> start)
    {
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(start[HeaderPlaceAt..]);
        bool fits = header is >= 0x110 and <= 1024 && !start.Slice(HeaderPlaceAt, 4).Contains((byte)'\'');
        return fits ? (int)header : throw new CriaException($"{path} has no room before its header for the lines that start other systems' programs; make it with the .NET SDK");
    }
}
