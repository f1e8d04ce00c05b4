namespace Cria.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Path">Its path inside the repository, with forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Hash of its content, in lower-case hex, where the hub keeps the file outside git; else null.</param>
/// <param name="GitHash">Its name as an object of git, in lower-case hex, where it is kept there; else null.</param>
public sealed record HubFile(string Path, long Bytes, string? Sha256 = null, string? GitHash = null)
{
    /// <summary>What its blob is called in the cache, as far as the listing tells.</summary>
    internal string? BlobName => Sha256 ?? GitHash;

    /// <summary>True for a path that stays inside the folder it is put in, on every operating system.</summary>
    internal static bool IsSafe(string path) => path.Length is > 0 and <= 1024 && path.IndexOfAny(['\\', ':', '*', '?', '"', '<', '>', '|']) < 0 && !path.Any(char.IsControl)
        && path.Split('/').All(part => part.Length is > 0 and <= 255 && part.Trim('.', ' ').Length > 0 && !part.EndsWith(' ') && !part.EndsWith('.'));
}
