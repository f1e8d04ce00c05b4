namespace Cria.Hub;

/// <summary>Adds up what all transfers of a pull report.</summary>
internal sealed class PullMeter(IProgress<PullProgress>? progress, ModelVariant model)
{
    private readonly long totalBytes = model.Bytes;
    private readonly int totalFiles = model.Files.Count;
    private long doneBytes, fetchedBytes;
    private int doneFiles;

    /// <summary>Bytes arrived.</summary>
    public void Fetched(string file, int count)
    {
        Interlocked.Add(ref fetchedBytes, count);
        Interlocked.Add(ref doneBytes, count);
        Report(PullStage.Fetching, file);
    }

    /// <summary>Bytes were here before, or (negative) must be fetched again.</summary>
    public void Found(string file, long count)
    {
        Interlocked.Add(ref doneBytes, count);
        Report(PullStage.Fetching, file);
    }

    /// <summary>A file is whole.</summary>
    public void FileDone(string file)
    {
        Interlocked.Increment(ref doneFiles);
        Report(PullStage.FileDone, file);
    }

    /// <summary>Something else happens to a file.</summary>
    public void Report(PullStage stage, string file) =>
        progress?.Report(new PullProgress(stage, file, Interlocked.Read(ref doneBytes), totalBytes, Interlocked.Read(ref fetchedBytes), Volatile.Read(ref doneFiles), totalFiles));
}
