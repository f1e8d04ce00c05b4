using System.Buffers;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>Takes a packed file, a llamafile or another archive with a model apart.</summary>
public static class Unpacker
{
    private static readonly SearchValues<char> NotInNames = SearchValues.Create(":\\\"<>|?*");

    /// <summary>
    /// Writes all parts into a folder: each member of the archive, and each program as <c>programs/SYSTEM/cria</c>, byte for byte as they were packed;
    /// a model that is there only in the layout of a CPU level, as a plain one.
    /// Returns their paths. Throws <see cref="CriaException"/> when the file holds nothing, is damaged, or would overwrite something.
    /// </summary>
    public static IReadOnlyList<string> Unpack(string path, string folder, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        PackedFile packed = PackedFile.TryOpen(path) ?? throw new CriaException($"{path} is no packed file; it has nothing inside to unpack");
        using MappedFile file = MappedFile.Open(path);
        IReadOnlyList<ZipMember> members = ZipDirectory.TryRead(file)!;
        List<(string Name, long Length, Action<Stream, Action<long>> Write, bool IsProgram)> parts =
        [
            .. packed.Programs.Select(program => ($"{PackedFile.ProgramFolder}{program.System}/{program.FileName}", program.Length, (Action<Stream, Action<long>>)((output, report) => program.Write(output, report, cancellationToken)), true)),
            .. members.Where(member => !member.Name.EndsWith('/')).Where(member => packed.Programs.All(program => program.Start != member.Start))
                .Select(member => member.Name == packed.Model && PackedFile.IsPrepared(member.Name)
                    ? (packed.ModelName!, member.Length, (Action<Stream, Action<long>>)((output, report) => Restore(file, member, output, report, cancellationToken)), false)
                    : (member.Name, member.Length, (Action<Stream, Action<long>>)((output, report) => ZipContent.Write(file, member, output, report, cancellationToken)), false)),
        ];
        string[] paths = [.. parts.Select(part => PathOf(path, folder, part.Name))];
        if (paths.FirstOrDefault(File.Exists) is { } existing) throw new CriaException($"{existing} is there already; choose another folder with -o");
        long total = parts.Sum(part => part.Length), done = 0;
        for (int i = 0; i < paths.Length; i++)
        {
            CreateFolder(Path.GetDirectoryName(paths[i])!);
            (string name, long length, Action<Stream, Action<long>> write, bool isProgram) = parts[i];
            PendingFile.Write(paths[i], output => write(output, bytes => progress?.Report(new TensorProgress(name, done + bytes, total))), whole =>
            {
                if (isProgram) Packer.MakeRunnable(whole);
            });
            done += length;
        }
        return paths;
    }

    /// <summary>Writes a prepared model as a plain one.</summary>
    private static void Restore(MappedFile file, ZipMember member, Stream output, Action<long> report, CancellationToken cancellationToken)
    {
        if (!member.IsStored) throw new CriaException($"{file.Path}: {ForeignText.Shown(member.Name)} is compressed in the archive; unpack it with another tool first");
        // What is written is not what the checksum was made of.
        ZipContent.Write(file, member, Stream.Null, report: null, cancellationToken);
        using GgufReader source = GgufReader.OpenInside(file.Path, MappedFile.Open(file.Path), member.Start, member.Length);
        var share = new SynchronousProgress(value => report((long)((double)value.DoneElements / Math.Max(1, value.TotalElements) * member.Length)));
        GgufWriter.Write(output, source.Entries, FileParts.Contents(source, share, cancellationToken));
    }

    /// <summary>Where a part is written: below the folder, whatever its name tries.</summary>
    private static string PathOf(string path, string folder, string name)
    {
        bool isPlain = name.Split('/').All(step => step.Length > 0 && step is not ("." or "..") && !step.AsSpan().ContainsAny(NotInNames) && !step.Any(char.IsControl));
        return isPlain ? Path.Combine([folder, .. name.Split('/')])
            : throw new CriaException($"{path}: the name {ForeignText.Shown(name)} in the archive does not stay in a folder; do not trust this file");
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{folder} cannot be made: {failure.Message.ReplaceLineEndings(" ")}; choose another place with -o", failure);
        }
    }

    private sealed class SynchronousProgress(Action<TensorProgress> report) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => report(value);
    }
}
