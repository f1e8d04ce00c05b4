namespace Cria.Tensors.Formats;

/// <summary>
/// A file that appears under its final name only when it is whole: it is written beside it under a temporary name and renamed by <see cref="Commit"/>.
/// Disposed without that, it leaves nothing behind.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    private readonly string path;
    private readonly string temporary;
    private bool committed;

    /// <summary>Starts the file. Throws <see cref="CriaException"/> when nothing can be written there.</summary>
    public PendingFile(string path)
    {
        this.path = path;
        temporary = TemporaryName(path);
        if (Directory.Exists(path)) throw new CriaException($"{path} is a folder; name a file to write");
        try
        {
            Stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Failed(path, failure);
        }
    }

    /// <summary>What is written so far.</summary>
    public FileStream Stream { get; }

    /// <summary>Where it is written until it is whole.</summary>
    public string TemporaryPath => temporary;

    /// <summary>Gives the file its final name, replacing one that is there.</summary>
    public void Commit()
    {
        Stream.Dispose();
        File.Move(temporary, path, overwrite: true);
        committed = true;
    }

    /// <summary>
    /// Runs <paramref name="write"/> on a new file and commits it; turns a full disk and the like into one clear line.
    /// <paramref name="check"/> sees the whole file under its temporary name first and may refuse it by an exception.
    /// </summary>
    public static void Write(string path, Action<Stream> write, Action<string>? check = null)
    {
        using var pending = new PendingFile(path);
        try
        {
            write(pending.Stream);
            pending.Stream.Dispose();
            check?.Invoke(pending.TemporaryPath);
            pending.Commit();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (committed) return;
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // What is still buffered cannot be written to a full disk, and need not be.
        }
        File.Delete(temporary);
    }

    /// <summary>A name beside the final one that nobody else uses.</summary>
    internal static string TemporaryName(string path) => $"{path}.{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}.partial";

    /// <summary>What could not be written, where, and what to do.</summary>
    internal static CriaException Failed(string path, Exception failure) =>
        new($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
}
