using Cria.Tensors;

namespace Cria.Hub;

public sealed partial class HubCache
{
    /// <summary>Every model on this computer, by name; of several commits the one that is opened comes first.</summary>
    public IReadOnlyList<CachedModel> Models() => [.. Repositories().SelectMany(Models)];

    /// <summary>The models of one repository.</summary>
    public IReadOnlyList<CachedModel> Models(string repository)
    {
        var found = new List<CachedModel>();
        foreach (string commit in Commits(repository))
        {
            IReadOnlyList<string> refs = RefsAt(repository, commit);
            foreach (ModelVariant model in RepositoryModels.In(Files(repository, commit)))
            {
                string? label = model.Form is ModelForm.Gguf or ModelForm.Llamafile ? model.Label : model.Form == ModelForm.Meta && model.Entry.Length > 0 ? RepositoryModels.OriginalLabel : null;
                bool isShadowed = found.Any(other => other.Name.Variant == label && other.Name.Revision is null);
                var name = new HubName(repository, label, isShadowed ? refs.FirstOrDefault(name => name != HubName.MainRevision) ?? commit[..Math.Min(12, commit.Length)] : null);
                DateTime pulled = model.Files.Max(file => File.GetLastWriteTimeUtc(SnapshotPath(repository, commit, file.Path)));
                found.Add(new CachedModel(name, model.Form, model.Bytes, commit, refs, pulled, model.MissingParts, SnapshotPath(repository, commit, model.Entry)));
            }
        }
        return found;
    }

    /// <summary>
    /// Deletes what the name means, and every content that nothing shows any more: with a variant that model, with a revision that commit, else the whole repository.
    /// Returns the bytes freed. Throws <see cref="CriaException"/> when there is nothing of that name, or it is being fetched.
    /// </summary>
    public long Remove(HubName name)
    {
        string folder = RepositoryFolder(name.Repository);
        if (!Directory.Exists(folder)) throw new CriaException($"{name} is not on this computer; 'cria list' shows what is");
        long before = BytesIn(folder);
        List<BlobLock> held = HoldUnfinished(name.Repository);
        try
        {
            if (name.Variant is null && name.Revision is null)
            {
                Directory.Delete(folder, recursive: true);
                return before;
            }
            bool isFound = false;
            foreach (string commit in Commits(name)) isFound |= RemoveFrom(name, commit);
            if (!isFound) throw new CriaException($"{name} is not on this computer; 'cria list' shows what is");
            Sweep(name.Repository);
            return before - (Directory.Exists(folder) ? BytesIn(folder) : 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{folder} cannot be deleted: {failure.Message.ReplaceLineEndings(" ")}; end the programs that use it", failure);
        }
        finally
        {
            held.ForEach(one => one.Dispose());
        }
    }

    private bool RemoveFrom(HubName name, string commit)
    {
        string snapshot = SnapshotPath(name.Repository, commit, "");
        if (name.Variant is null)
        {
            Directory.Delete(snapshot, recursive: true);
            return true;
        }
        IReadOnlyList<HubFile> files = Files(name.Repository, commit);
        IReadOnlyList<ModelVariant> models = RepositoryModels.In(files);
        if (ModelChoice.Named(name, models) is not { } model) return false;
        // Files that another model of the repository needs too stay.
        foreach (HubFile file in model.Files.Where(file => !models.Any(other => other != model && other.Files.Contains(file)))) File.Delete(SnapshotPath(name.Repository, commit, file.Path));
        foreach (string empty in Directory.EnumerateDirectories(snapshot, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length).Append(snapshot).Where(path => !Directory.EnumerateFileSystemEntries(path).Any()).ToArray())
            Directory.Delete(empty);
        return true;
    }

    /// <summary>Deletes contents that no snapshot shows, refs to commits that are gone, and the repository's folder once it is empty.</summary>
    private void Sweep(string repository)
    {
        string folder = RepositoryFolder(repository), snapshots = Path.Combine(folder, "snapshots"), blobs = Path.Combine(folder, "blobs"), refs = Path.Combine(folder, "refs");
        string[] commits = Directory.Exists(snapshots) ? [.. Directory.EnumerateDirectories(snapshots).Select(path => Path.GetFileName(path))] : [];
        if (commits.Length == 0)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }
        HashSet<string> shown = [.. Directory.EnumerateFiles(snapshots, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path).LinkTarget).OfType<string>().Select(target => Path.GetFileName(target))];
        if (Directory.Exists(blobs))
        {
            foreach (string blob in Directory.EnumerateFiles(blobs).Where(blob => !shown.Contains(Path.GetFileName(blob)) && !blob.Contains(".incomplete", StringComparison.Ordinal) && !blob.EndsWith(RangeMap.Ending, StringComparison.Ordinal)).ToArray()) File.Delete(blob);
        }
        if (!Directory.Exists(refs)) return;
        foreach (string path in Directory.EnumerateFiles(refs, "*", SearchOption.AllDirectories).ToArray())
        {
            if (Ref(repository, Path.GetRelativePath(refs, path)) is { } commit && !commits.Contains(commit)) File.Delete(path);
        }
    }

    /// <summary>Takes the locks of everything unfinished, so that nobody loses what is arriving.</summary>
    private List<BlobLock> HoldUnfinished(string repository)
    {
        string blobs = Path.Combine(RepositoryFolder(repository), "blobs");
        var held = new List<BlobLock>();
        if (!Directory.Exists(blobs)) return held;
        foreach (string part in Directory.EnumerateFiles(blobs, "*" + PartEnding))
        {
            if (BlobLock.TryTake(LockPath(repository, Path.GetFileName(part)[..^PartEnding.Length])) is { } one)
            {
                held.Add(one);
                continue;
            }
            held.ForEach(other => other.Dispose());
            throw new CriaException($"{repository} is being fetched by another process; end that first");
        }
        return held;
    }

    private static long BytesIn(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.LinkTarget is null)
        // What has not arrived yet takes no room, though the file has its full length.
        .Sum(file => file.Name.EndsWith(PartEnding, StringComparison.Ordinal) ? RangeMap.DoneBytesOf(file.FullName[..^PartEnding.Length]) : file.Length);
}
