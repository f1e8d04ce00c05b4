using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>
/// Models on this computer, in the layout that <c>huggingface_hub</c> made and other tools share:
/// <c>models--org--name/blobs/ETAG</c> holds contents, <c>snapshots/COMMIT/FILE</c> links to them, <c>refs/BRANCH</c> holds a commit.
/// </summary>
public sealed partial class HubCache
{
    /// <summary>Ending of what is still being fetched; other tools look for other endings and leave it alone.</summary>
    internal const string PartEnding = ".cria.incomplete";

    private const string Prefix = "models--";

    /// <summary>Names the folder; it need not exist yet.</summary>
    public HubCache(string folder) => Folder = folder;

    /// <summary>The folder of <c>models--org--name</c> folders.</summary>
    public string Folder { get; }

    /// <summary>The path to open for a name that was pulled: a file or folder; null where it was not. Throws <see cref="CriaException"/> when the name may mean several, or it was pulled in part.</summary>
    public string? Find(HubName name)
    {
        foreach (string commit in Commits(name))
        {
            if (ModelChoice.Find(name, Files(name.Repository, commit), ModelChoice.ThisComputer) is { } model) return SnapshotPath(name.Repository, commit, model.Entry);
        }
        return null;
    }

    /// <summary>The repositories of which anything is here, by name.</summary>
    public IReadOnlyList<string> Repositories() => !Directory.Exists(Folder) ? [] :
    [
        .. Directory.EnumerateDirectories(Folder, Prefix + "*").Select(folder => Path.GetFileName(folder)[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal))
            .Where(name => HubName.TryParse(name, out HubName? parsed) && parsed.Repository == name).Order(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>The commits of which anything is here; the one of <c>main</c> first, then the latest.</summary>
    public IReadOnlyList<string> Commits(string repository)
    {
        string snapshots = Path.Combine(RepositoryFolder(repository), "snapshots");
        if (!Directory.Exists(snapshots)) return [];
        string? main = Ref(repository, HubName.MainRevision);
        return [.. new DirectoryInfo(snapshots).EnumerateDirectories().OrderByDescending(folder => folder.Name == main).ThenByDescending(folder => folder.LastWriteTimeUtc).Select(folder => folder.Name)];
    }

    /// <summary>The branches and tags that are at a commit.</summary>
    public IReadOnlyList<string> RefsAt(string repository, string commit)
    {
        string refs = Path.Combine(RepositoryFolder(repository), "refs");
        return !Directory.Exists(refs) ? [] :
            [.. Directory.EnumerateFiles(refs, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(refs, path).Replace('\\', '/')).Where(name => Ref(repository, name) == commit).Order(StringComparer.Ordinal)];
    }

    /// <summary>The files of a commit that are wholly here.</summary>
    public IReadOnlyList<HubFile> Files(string repository, string commit)
    {
        string folder = SnapshotPath(repository, commit, "");
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(path => (Path: System.IO.Path.GetRelativePath(folder, path).Replace('\\', '/'), Bytes: ContentBytes(path)))
                .Where(file => file.Bytes >= 0).Select(file => new HubFile(file.Path, file.Bytes)).OrderBy(file => file.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>Bytes of contents that a broken-off pull left behind.</summary>
    public long UnfinishedBytes(string repository)
    {
        string blobs = Path.Combine(RepositoryFolder(repository), "blobs");
        return !Directory.Exists(blobs) ? 0 : Directory.EnumerateFiles(blobs, "*" + PartEnding).Sum(part => RangeMap.DoneBytesOf(part[..^PartEnding.Length]));
    }

    /// <summary>The folder of a repository.</summary>
    public string RepositoryFolder(string repository) => Path.Combine(Folder, Prefix + repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Where a content is kept.</summary>
    internal string BlobPath(string repository, string etag) => Path.Combine(RepositoryFolder(repository), "blobs", etag);

    /// <summary>The file that stands for the right to write a content; the same as other tools lock.</summary>
    internal string LockPath(string repository, string etag) => Path.Combine(Folder, ".locks", Path.GetFileName(RepositoryFolder(repository)), etag + ".lock");

    /// <summary>Where a file or folder of a commit is.</summary>
    internal string SnapshotPath(string repository, string commit, string path) =>
        Path.TrimEndingDirectorySeparator(Path.Combine(RepositoryFolder(repository), "snapshots", commit, path.Replace('/', Path.DirectorySeparatorChar)));

    /// <summary>The commit of a branch or tag; null where it is not known here.</summary>
    internal string? Ref(string repository, string revision)
    {
        string path = RefPath(repository, revision);
        return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 and <= 64 } commit && commit.All(char.IsAsciiLetterOrDigit) ? commit : null;
    }

    /// <summary>Notes the commit of a branch or tag; a commit needs no note.</summary>
    internal void WriteRef(string repository, string revision, string commit)
    {
        if (revision == commit || Ref(repository, revision) == commit) return;
        string path = RefPath(repository, revision);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        PendingFile.Write(path, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
    }

    /// <summary>Shows a content under a file's name: a relative link, so that the cache can be moved; where links are not allowed, the file itself.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The file.</param>
    /// <param name="etag">Its content.</param>
    /// <param name="isNew">True when no other file can stand on the content yet, so that it may be moved.</param>
    internal void Link(string repository, string commit, string path, string etag, bool isNew)
    {
        string blob = BlobPath(repository, etag), file = SnapshotPath(repository, commit, path);
        if (ContentBytes(file) >= 0) return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            File.CreateSymbolicLink(file, Path.GetRelativePath(Path.GetDirectoryName(file)!, blob));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (ContentBytes(file) >= 0) return;
            // A link whose content was deleted is in the way.
            if (new FileInfo(file).LinkTarget is not null)
            {
                File.Delete(file);
                File.CreateSymbolicLink(file, Path.GetRelativePath(Path.GetDirectoryName(file)!, blob));
            }
            else if (isNew)
            {
                File.Move(blob, file, overwrite: true);
            }
            else
            {
                PendingFile.Write(file, stream =>
                {
                    using FileStream content = File.OpenRead(blob);
                    content.CopyTo(stream);
                });
            }
        }
    }

    /// <summary>Bytes of a file, behind links; −1 where there is none.</summary>
    internal static long ContentBytes(string path)
    {
        try
        {
            var file = new FileInfo(path);
            FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return target is FileInfo { Exists: true } content ? content.Length : -1;
        }
        catch (IOException)
        {
            return -1;
        }
    }

    /// <summary>The commits that a name can mean, the best first.</summary>
    internal IReadOnlyList<string> Commits(HubName name) =>
        name.Revision is not { } revision ? Commits(name.Repository)
        : Ref(name.Repository, revision) is { } commit ? [commit]
        : [.. Commits(name.Repository).Where(commit => revision.Length >= 7 && commit.StartsWith(revision, StringComparison.OrdinalIgnoreCase))];

    private string RefPath(string repository, string revision) => Path.Combine(RepositoryFolder(repository), "refs", revision.Replace('/', Path.DirectorySeparatorChar));
}
