using Cria.Packing.OneFile;

namespace Cria.Cli.Packed;

/// <summary>The packed file that this process was started from.</summary>
internal static class OwnFile
{
    /// <summary>Where the launcher says which file it took this program out of.</summary>
    private const string Variable = "CRIA_PACKED";

    private static readonly Lazy<PackedFile?> Found = new(Find);

    /// <summary>The file; null when the program was started on its own. Throws <see cref="Tensors.CriaException"/> when the file is damaged.</summary>
    public static PackedFile? Current => Found.Value;

    private static PackedFile? Find()
    {
        if (Environment.ProcessPath is not { } program) return null;
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            // Programs that this one starts come from files of their own.
            Environment.SetEnvironmentVariable(Variable, null);
            if (File.Exists(named) && PackedFile.TryOpen(named) is { } file && file.Programs.Any(packed => packed.Sha256 == Path.GetFileName(program))) return file;
        }
        return PackedFile.TryOpen(program);
    }
}
