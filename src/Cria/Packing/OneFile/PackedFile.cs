using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Kernels;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>
/// A program and a model in one file, such as <c>cria pack</c> and llamafile make: a zip archive with a program before it,
/// the model a stored member, default arguments in <c>.args</c>, one a line.
/// </summary>
public sealed record PackedFile
{
    /// <summary>The member with the arguments.</summary>
    public const string ArgumentsMember = ".args";

    /// <summary>The line of <see cref="ArgumentsMember"/> where the user's own arguments go.</summary>
    public const string UserArguments = "...";

    /// <summary>The folder of the archive with programs for other systems than the one the file begins with.</summary>
    internal const string ProgramFolder = "programs/";

    private const string PreparedPrefix = ".cria/prepared-", ModelSuffix = ".gguf";
    private const int LargestArguments = 64 << 10;
    private const int LongestSearch = 512 << 20;

    private IReadOnlyList<PackedProgram>? programs;

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>What the archive holds, in its order.</summary>
    public required IReadOnlyList<PackedMember> Members { get; init; }

    /// <summary>The default arguments; empty when there are none.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The programs for each system; empty in files that <c>cria pack</c> did not make. Read when asked for: a start needs them not. Throws <see cref="CriaException"/> when their table is damaged.</summary>
    public IReadOnlyList<PackedProgram> Programs
    {
        get => programs ??= ReadPrograms();
        init => programs = value;
    }

    /// <summary>True for a file that <c>cria pack</c> did not make.</summary>
    public bool IsForeign => Members.All(member => member.Name != PackedManifest.Member);

    /// <summary>The model's name in the archive; null when its weights lie beside the file.</summary>
    public required string? Model { get; init; }

    /// <summary>The file name of the model when it is taken out; null when its weights lie beside the file.</summary>
    public string? ModelName => Model is { } model && IsPrepared(model) ? NamedModel(Arguments) ?? "model" + ModelSuffix : System.IO.Path.GetFileName(Model);

    /// <summary>The CPU levels that the file holds the model for in the layout they want, as <c>CRIA_CPU</c> names them.</summary>
    public IEnumerable<string> PreparedFor => Members.Where(member => IsPrepared(member.Name)).Select(member => member.Name[PreparedPrefix.Length..^ModelSuffix.Length]);

    /// <summary>Opens a packed file; null when the file is none. Throws <see cref="CriaException"/> when it is damaged or cut short.</summary>
    public static PackedFile? TryOpen(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length >= 4 && file.Span(0, 4).SequenceEqual("GGUF"u8)) return null;
        if (ZipDirectory.TryRead(file) is { } members) return From(file, members);
        return IsCutShort(file) ? throw CutShort(path) : null;
    }

    /// <summary>
    /// Where to load the model from: this file, or the weights file of the name in <c>-m</c> that lies beside it (or beside what it is a link to).
    /// Throws <see cref="CriaException"/> when that is not there.
    /// </summary>
    public string? ModelPath()
    {
        if (Model is not null) return Path;
        if (NamedModel(Arguments) is not { } name) return null;
        string[] files = [Path, new FileInfo(Path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path];
        return files.Select(file => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!, name)).FirstOrDefault(File.Exists)
            ?? throw new CriaException($"{Path} holds the program alone; put its weights, {ForeignText.Shown(name)}, beside it");
    }

    /// <summary>What a packed file holds, by its archive; null when the archive is something else.</summary>
    internal static PackedFile? From(MappedFile file, IReadOnlyList<ZipMember> members)
    {
        ZipMember? lines = members.Select(member => (ZipMember?)member).FirstOrDefault(member => member!.Value.Name == ArgumentsMember);
        string[] arguments = lines is { } found ? Lines(file, found) : [];
        ZipMember[] models = Models(members, arguments);
        if (models.Length == 0 && lines is null && members.All(member => member.Name != PackedManifest.Member)) return null;
        return new PackedFile
        {
            Path = file.Path,
            Members = [.. members.Select(member => new PackedMember(member.Name, member.Length, member.IsStored))],
            Arguments = arguments,
            Model = models.Length == 1 ? models[0].Name : null,
        };
    }

    /// <summary>The name in the archive of a model in the layout that a CPU level wants.</summary>
    internal static string PreparedMember(CpuLevel level) => PreparedPrefix + PreparedLayout.NameOf(level) + ModelSuffix;

    /// <summary>True for such a name.</summary>
    internal static bool IsPrepared(string member) => member.StartsWith(PreparedPrefix, StringComparison.Ordinal) && member.EndsWith(ModelSuffix, StringComparison.Ordinal) && member.Length > PreparedPrefix.Length + ModelSuffix.Length;

    /// <summary>
    /// The models in an archive, those prepared for a CPU level only where there is no other; where there are several, the one that <c>-m</c> names in the arguments.
    /// A llamafile may also carry the part of a model that sees images, which is no model of its own.
    /// </summary>
    internal static ZipMember[] Models(IReadOnlyList<ZipMember> members, IReadOnlyList<string> arguments)
    {
        ZipMember[] models = [.. members.Where(member => member.Name.EndsWith(ModelSuffix, StringComparison.OrdinalIgnoreCase) && !member.Name.Contains("mmproj", StringComparison.OrdinalIgnoreCase))];
        if (models.Any(model => !IsPrepared(model.Name))) models = [.. models.Where(model => !IsPrepared(model.Name))];
        return models.Length > 1 && NamedModel(arguments) is { } name && models.Where(model => System.IO.Path.GetFileName(model.Name) == name).ToArray() is [var one] ? [one] : models;
    }

    /// <summary>True for the beginning of a packed file: a program with the first of its members behind it, but no directory at its end.</summary>
    internal static bool IsCutShort(MappedFile file)
    {
        ReadOnlySpan<byte> bytes = file.Span(0, (int)Math.Min(file.Length, LongestSearch));
        if (!bytes.StartsWith("MZ"u8) && !bytes.StartsWith("#!"u8) && ProgramFormat.System(file) is null) return false;
        ReadOnlySpan<byte> header = [(byte)'P', (byte)'K', 3, 4];
        const int nameAt = 30;
        while (bytes.IndexOf(header) is >= 0 and int place)
        {
            bytes = bytes[place..];
            ReadOnlySpan<byte> name = bytes.Length > nameAt ? bytes[nameAt..] : [];
            if (name.StartsWith(Encoding.ASCII.GetBytes(PackedManifest.Member)) || name.StartsWith(Encoding.ASCII.GetBytes(ProgramFolder))) return true;
            bytes = bytes[header.Length..];
        }
        return false;
    }

    internal static CriaException CutShort(string path) => new($"{path} is cut short: the end of it is missing; fetch or copy it again");

    /// <summary>The file that <c>-m</c> names in the arguments, without its folder.</summary>
    private static string? NamedModel(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i + 1 < arguments.Count; i++)
            if (arguments[i] is "-m" or "--model") return System.IO.Path.GetFileName(arguments[i + 1].Replace('\\', '/'));
        return null;
    }

    private IReadOnlyList<PackedProgram> ReadPrograms()
    {
        if (IsForeign) return [];
        using MappedFile file = MappedFile.Open(Path);
        return PackedManifest.Read(file, (ZipDirectory.TryRead(file) ?? throw CutShort(Path)).First(member => member.Name == PackedManifest.Member));
    }

    private static string[] Lines(MappedFile file, ZipMember member) =>
        [.. Encoding.UTF8.GetString(ZipContent.Bytes(file, member, LargestArguments)).ReplaceLineEndings("\n").Split('\n').Where(line => line.Length > 0)];
}
