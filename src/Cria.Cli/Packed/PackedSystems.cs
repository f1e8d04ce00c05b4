using Cria.Packing.OneFile;
using Cria.Tensors;

namespace Cria.Cli.Packed;

/// <summary>The programs that a user names with <c>--runtime</c>.</summary>
internal static class PackedSystems
{
    /// <summary>The systems that programs can be for.</summary>
    public static IReadOnlyList<string> All => ProgramFormat.Systems;

    /// <summary>One program for each <c>SYSTEM=PATH</c>; <c>SYSTEM</c> alone, or nothing, is the running program. Throws <see cref="CriaException"/> when a file is not what it should be.</summary>
    public static IReadOnlyList<PackedProgram> Programs(IReadOnlyList<string> named)
    {
        if (named.Count == 0) return [Own(null)];
        return [.. named.Select(text =>
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            return equals < 0 ? Own(text) : PackedProgram.Open(text[(equals + 1)..], text[..equals]);
        })];
    }

    /// <summary>The running program, or the one for another system in the file it was started from.</summary>
    private static PackedProgram Own(string? system)
    {
        if (system is not null && !All.Contains(system)) throw new CriaException($"--runtime wants SYSTEM=PATH, the system one of {string.Join(", ", All)}, not '{system}'");
        if (system is not null && OwnFile.Current?.Programs.FirstOrDefault(program => program.System == system) is { } inside) return inside;
        try
        {
            return PackedProgram.Open(Environment.ProcessPath ?? throw new CriaException("the running program cannot be found"), system);
        }
        catch (CriaException failure)
        {
            throw new CriaException($"the cria that runs cannot be packed{(system is null ? "" : " for " + system)}: name a released one with --runtime {system ?? "SYSTEM"}=PATH ({failure.Message})", failure);
        }
    }
}
