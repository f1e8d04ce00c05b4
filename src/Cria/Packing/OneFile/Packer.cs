using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>
/// Writes a program and a model into one file:
/// <code>
/// program                  for one system: begins the file, which is a program of that system
/// zip archive              .cria.json (where the programs lie), .args, the model, the model in the layout of a CPU level
///
/// program for Windows      for several systems: its first bytes are also a shell script (<see cref="Launcher"/>), which stands alone where there is no such program
/// zip archive              programs/SYSTEM/cria, the script .cria.sh, .cria.json, .args, the models
/// </code>
/// Models are stored at multiples of 64 KiB and mapped where they lie.
/// </summary>
public static class Packer
{
    /// <summary>Windows starts no program of more bytes.</summary>
    public const long LargestWindowsProgram = uint.MaxValue;

    private const int ModelAlignment = 65536;
    private const string ScriptMember = ".cria.sh";
    private const UnixFileMode Runnable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>
    /// Packs the model. The file appears under its name when it is whole; weights beside it are written first. Returns the paths written.
    /// Throws <see cref="CriaException"/> when programs do not go together, the file would not start on Windows, or it cannot be written.
    /// </summary>
    public static IReadOnlyList<string> Pack(ITensorSource source, string output, PackOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(options);
        if (ModelSummary.From(source) is { Config: null, Problem: { } problem }) throw new CriaException(problem);
        string[] inputs = [source.Path, .. options.Programs.Select(program => program.Path)];
        if (inputs.FirstOrDefault(input => Path.GetFullPath(input) == Path.GetFullPath(output)) is { } input) throw new CriaException($"{input} is read for this; choose another name for the result");
        if (options.Prepared is { } wanted) Preparation.Check(source, wanted);
        int parts = options.Prepared is null || options.OnlyPrepared ? 1 : 2;
        PackedModel model = PackedModel.From(source, PartProgress.Of(progress, 0, parts), cancellationToken);
        PackedModel? prepared = options.Prepared is { } level ? PackedModel.Prepared(source, level, PartProgress.Of(progress, parts - 1, parts), cancellationToken) : null;
        PackedModel[] inside = options.WeightsBeside ? [] : options.OnlyPrepared ? [prepared!] : prepared is null ? [model] : [model, prepared];
        byte[] arguments = Encoding.UTF8.GetBytes(string.Concat(Lines(model.Name, options.Arguments).Select(line => line + "\n")));
        long size = options.Programs.Sum(program => program.Length) + inside.Sum(content => content.Length + ModelAlignment);
        if (size > LargestWindowsProgram && options.Programs.Any(IsWindows))
            throw new CriaException($"{output} would have more than 4 GiB, and Windows starts no such program; add --beside to put the weights beside it, or leave the program for Windows out");
        var written = new List<string>();
        if (options.WeightsBeside) PutBeside(source, model, output, written);
        PendingFile.Write(output, stream =>
        {
            var archive = new ZipWriter(stream);
            if (options.Programs is [var only] && !IsApple(only)) WriteOne(archive, stream, only);
            else WriteSeveral(archive, stream, options.Programs, cancellationToken);
            archive.Add(PackedFile.ArgumentsMember, arguments);
            foreach (PackedModel content in inside) archive.Add(content.Name, content.Length, content.Write, ModelAlignment);
            archive.Finish();
        }, MakeRunnable);
        written.Add(output);
        return written;
    }

    /// <summary>A program's file may be started; nothing happens on Windows, where every file may.</summary>
    internal static void MakeRunnable(string path)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, Runnable);
    }

    private static void Check(PackOptions options)
    {
        if (options.Programs.Count == 0) throw new CriaException("there is no program to pack; name one with --runtime SYSTEM=PATH");
        if (options.Programs.GroupBy(program => program.System).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new CriaException($"there are two programs for {twice.Key}; give one");
        if (options.Programs.Count(IsWindows) > 1) throw new CriaException("a file can begin with one Windows program only; give win-x64, which Windows on ARM runs too, or win-arm64");
        if (options.OnlyPrepared && options.Prepared is null) throw new CriaException("--only-prepared leaves out the plain weights; say with --prepared what takes their place");
        if (options.WeightsBeside && options.Prepared is not null) throw new CriaException("prepared weights go into the file, not beside it; leave --beside or --prepared out");
        if (options.Arguments.FirstOrDefault(argument => argument.Length == 0 || argument.AsSpan().ContainsAny('\n', '\r')) is not null)
            throw new CriaException("a default argument is empty or has a line break, which the file cannot hold; leave it out");
    }

    /// <summary>The lines of <c>.args</c>: a command first, if one is named, then the model, the arguments, and the user's.</summary>
    private static IEnumerable<string> Lines(string model, IReadOnlyList<string> arguments)
    {
        bool hasCommand = arguments.Count > 0 && !arguments[0].StartsWith('-') && arguments[0] != PackedFile.UserArguments;
        IEnumerable<string> lines = [.. arguments.Take(hasCommand ? 1 : 0), "-m", model, .. arguments.Skip(hasCommand ? 1 : 0)];
        return arguments.Contains(PackedFile.UserArguments) ? lines : lines.Append(PackedFile.UserArguments);
    }

    private static void WriteOne(ZipWriter archive, Stream stream, PackedProgram program)
    {
        program.Write(stream);
        archive.Add(PackedManifest.Member, PackedManifest.Write([program with { Start = 0, Head = default }]));
    }

    private static void WriteSeveral(ZipWriter archive, Stream stream, IReadOnlyList<PackedProgram> programs, CancellationToken cancellationToken)
    {
        var placed = new List<PackedProgram>();
        byte[] start = [];
        if (programs.FirstOrDefault(IsWindows) is { } windows)
        {
            start = FirstBytes(windows);
            windows.Write(stream, cancellationToken: cancellationToken);
            placed.Add(windows with { Start = 0, Head = start });
        }
        else
        {
            stream.Write(new byte[Launcher.PlainHeadBytes]);
        }
        foreach (PackedProgram program in programs.Where(program => !IsWindows(program)))
        {
            string name = $"{PackedFile.ProgramFolder}{program.System}/{program.FileName}";
            long place = archive.Add(name, program.Length, output => program.Write(output, cancellationToken: cancellationToken), Launcher.ProgramAlignment, isProgram: true);
            placed.Add(program with { Start = place, Head = default });
        }
        byte[] script = Launcher.Script(placed);
        long scriptAt = archive.Add(ScriptMember, script, Launcher.ScriptAlignment);
        archive.Add(PackedManifest.Member, PackedManifest.Write(placed));
        long end = stream.Position;
        stream.Position = 0;
        stream.Write(Launcher.Head(start, scriptAt, script.Length));
        stream.Position = end;
    }

    /// <summary>The bytes at the start of a Windows program that Windows does not read.</summary>
    private static byte[] FirstBytes(PackedProgram program)
    {
        using MappedFile file = MappedFile.Open(program.Path);
        byte[] start = [.. program.Head.Span, .. file.Span(program.Start + program.Head.Length, (int)Math.Min(2048, program.Length - program.Head.Length))];
        return start[..Launcher.ReplaceableBytes(program.Path, start)];
    }

    private static void PutBeside(ITensorSource source, PackedModel model, string output, List<string> written)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(output))!, model.Name);
        if (path == Path.GetFullPath(source.Path)) return;
        if (File.Exists(path)) throw new CriaException($"{path} is there already; move it away, or pack that one");
        PendingFile.Write(path, model.Write);
        written.Add(path);
    }

    private static bool IsWindows(PackedProgram program) => program.System.StartsWith("win-", StringComparison.Ordinal);

    /// <summary>Apple's systems start only what is signed, and a signature ends the file: such a program is put inside and taken out to be started.</summary>
    private static bool IsApple(PackedProgram program) => program.System.StartsWith("osx-", StringComparison.Ordinal);
}
