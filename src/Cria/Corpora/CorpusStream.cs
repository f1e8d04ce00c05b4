using Cria.Tensors;

namespace Cria.Corpora;

/// <summary>A corpus file, read in blocks from its beginning; failures name the file.</summary>
internal sealed class CorpusStream : IDisposable
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    private readonly FileStream stream;
    private byte[] buffer = new byte[1 << 20];
    private int start, end;
    private bool atEnd;

    /// <summary>Opens the file and skips a byte order mark.</summary>
    /// <exception cref="CriaException">It cannot be read.</exception>
    public CorpusStream(string path)
    {
        Path = path;
        stream = Guarded(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan));
        Fill();
        if (Unread.StartsWith(ByteOrderMark)) Skip(ByteOrderMark.Length);
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>Bytes given out so far.</summary>
    public long Position { get; private set; }

    /// <summary>What is read from the file and not yet skipped.</summary>
    public ReadOnlySpan<byte> Unread => buffer.AsSpan(start, end - start);

    /// <summary>The same, as memory that stays as it is until the next <see cref="Fill"/>.</summary>
    public ReadOnlyMemory<byte> UnreadMemory => buffer.AsMemory(start, end - start);

    /// <summary>Reads more of the file behind what is unread; false at the file's end.</summary>
    public bool Fill()
    {
        if (atEnd) return false;
        if (start > 0)
        {
            Unread.CopyTo(buffer);
            end -= start;
            start = 0;
        }
        if (end == buffer.Length)
        {
            if (buffer.Length == Array.MaxLength) throw new CriaException($"{Path}: a line is longer than {Array.MaxLength} bytes; put one document on each line");
            Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, Array.MaxLength));
        }
        int read = Guarded(() => stream.Read(buffer, end, buffer.Length - end));
        atEnd = read == 0;
        end += read;
        return !atEnd;
    }

    /// <summary>Marks bytes as done with.</summary>
    public void Skip(int count)
    {
        start += count;
        Position += count;
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{Path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }
}
