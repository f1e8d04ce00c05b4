namespace Cria.Tensors.Formats;

/// <summary>A folder that appears under its final name only when it is whole, as <see cref="PendingFile"/> is for a file.</summary>
internal static class PendingFolder
{
    /// <summary>Throws <see cref="CriaException"/> when something is there already.</summary>
    public static void CheckIsNew(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new CriaException($"{folder} is there already; choose a new name, ending in .gguf for a GGUF file");
    }

    /// <summary>
    /// Runs <paramref name="write"/> on a new folder beside the final place, then gives it its name. An empty folder of that name is replaced.
    /// Turns a full disk and the like into one clear line; what was begun is removed.
    /// </summary>
    public static void Write(string folder, Action<string> write)
    {
        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string temporary = PendingFile.TemporaryName(whole);
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            if (Directory.Exists(whole)) Directory.Delete(whole);
            Directory.Move(temporary, whole);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw PendingFile.Failed(folder, failure);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }
}
