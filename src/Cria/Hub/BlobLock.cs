using Cria.Tensors;

namespace Cria.Hub;

/// <summary>
/// The right to write one content, held by one process at a time and given up by the system should that process die.
/// On Unix an exclusively opened file is an flock, which is what <c>huggingface_hub</c> takes on the same file.
/// </summary>
internal sealed class BlobLock : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private readonly FileStream file;

    private BlobLock(FileStream file) => this.file = file;

    /// <summary>Waits for the lock; <paramref name="waiting"/> is called once if that takes time.</summary>
    public static async Task<BlobLock> TakeAsync(string path, Action waiting, CancellationToken cancellationToken)
    {
        bool isTold = false;
        while (true)
        {
            if (TryTake(path) is { } taken) return taken;
            if (!isTold) waiting();
            isTold = true;
            await Task.Delay(Pace, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The lock; null while another holds it.</summary>
    public static BlobLock? TryTake(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new BlobLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException failure) when (IsHeld(failure))
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; choose another cache folder with HF_HUB_CACHE", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    // EWOULDBLOCK on Linux and macOS; sharing and lock violations on Windows.
    private static bool IsHeld(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
