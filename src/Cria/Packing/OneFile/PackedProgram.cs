using System.Security.Cryptography;
using Cria.Tensors;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>A published cria for one system: a whole file, or a part of a packed one.</summary>
/// <param name="System">What it runs on, by .NET's name: <c>linux-x64</c>.</param>
/// <param name="Path">The file it lies in.</param>
/// <param name="Start">Offset of its first byte there.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Their hash, in lower case.</param>
public sealed record PackedProgram(string System, string Path, long Start, long Length, string Sha256)
{
    private const string Library = "Cria.Cli.dll";
    private const int PieceBytes = 4 << 20;

    /// <summary>Its own first bytes, where others stand in their place in the file.</summary>
    public ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>Its name as a file.</summary>
    public string FileName => System.StartsWith("win-", StringComparison.Ordinal) ? "cria.exe" : "cria";

    /// <summary>
    /// Finds the program for a system (any system where that is null and there is only one) in a published cria or a packed file.
    /// Throws <see cref="CriaException"/> when the file is none, or is for another system.
    /// </summary>
    public static PackedProgram Open(string path, string? system = null)
    {
        if (system is not null && !ProgramFormat.Systems.Contains(system)) throw new CriaException($"there is no system {system}; choose among {string.Join(", ", ProgramFormat.Systems)}");
        if (PackedFile.TryOpen(path) is { Programs: { Count: > 0 } programs })
        {
            return programs.FirstOrDefault(program => system is null || program.System == system)
                ?? throw new CriaException($"{path} holds no program for {system}, only for {string.Join(", ", programs.Select(program => program.System))}; give the cria of that system");
        }
        using MappedFile file = MappedFile.Open(path);
        string found = ProgramFormat.System(file) ?? throw new CriaException($"{path} is no program; give a released cria for {system ?? "the system"}");
        if (system is not null && found != system) throw new CriaException($"{path} is a program for {found}, not for {system}; give the cria of that system");
        if (!ProgramFormat.HasBundled(file, Library)) throw new CriaException($"{path} is no cria in one file; give a released one, or make it with deploy/release.sh");
        return new PackedProgram(found, path, 0, file.Length, Hash(file));
    }

    /// <summary>Writes the program's bytes. Throws <see cref="CriaException"/> when they are not what their hash says.</summary>
    public void Write(Stream output, Action<long>? report = null, CancellationToken cancellationToken = default)
    {
        using MappedFile file = MappedFile.Open(Path);
        if (Start > file.Length - Length) throw new CriaException($"{Path} is cut short; fetch it again");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Put(Head.Span);
        for (long at = Head.Length; at < Length; at += PieceBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Put(file.Span(Start + at, (int)Math.Min(PieceBytes, Length - at)));
            report?.Invoke(Math.Min(at + PieceBytes, Length));
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != Sha256) throw new CriaException($"{Path}: the program for {System} is damaged (its SHA-256 differs); fetch the file again");

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            output.Write(bytes);
        }
    }

    private static string Hash(MappedFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < file.Length; at += PieceBytes) hash.AppendData(file.Span(at, (int)Math.Min(PieceBytes, file.Length - at)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
