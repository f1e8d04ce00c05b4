using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Cria.Hub;

/// <summary>
/// Which blocks of a content have arrived, kept in a small file beside it so that a killed transfer goes on where it was.
/// 24 bytes of head (magic, size, block size), then a byte a block: 1 once its bytes are written.
/// </summary>
internal sealed class RangeMap : IDisposable
{
    /// <summary>Ending of the file.</summary>
    public const string Ending = ".cria.map";

    private const int HeadBytes = 24, LargestBlock = 64 << 20;
    private static ReadOnlySpan<byte> Magic => "CRIAMAP1"u8;

    private readonly SafeFileHandle file;
    private readonly byte[] blocks;
    private readonly Lock access = new();
    private int next;

    private RangeMap(SafeFileHandle file, byte[] blocks, long size, int blockBytes)
    {
        this.file = file;
        this.blocks = blocks;
        Size = size;
        BlockBytes = blockBytes;
    }

    /// <summary>Bytes of the content.</summary>
    public long Size { get; }

    /// <summary>Bytes of every block but the last.</summary>
    public int BlockBytes { get; }

    /// <summary>How many blocks there are.</summary>
    public int Count => blocks.Length;

    /// <summary>Bytes that have arrived.</summary>
    public long DoneBytes
    {
        get
        {
            lock (access)
            {
                long sum = 0;
                for (int block = 0; block < blocks.Length; block++) sum += blocks[block] == 1 ? Length(block) : 0;
                return sum;
            }
        }
    }

    /// <summary>Opens the map of a content, or begins one where there is none, it does not fit, or <paramref name="hasPart"/> says there are no bytes to go with it.</summary>
    public static RangeMap Open(string blobPath, long size, int blockBytes, bool hasPart)
    {
        SafeFileHandle file = File.OpenHandle(blobPath + Ending, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            // A map from a run with another grain goes on with that grain.
            (long mappedSize, int grain, byte[] blocks)? found = hasPart ? Read(file) : null;
            if (found is { } map && map.mappedSize == size) return new RangeMap(file, map.blocks, size, map.grain);
            byte[] head = new byte[HeadBytes];
            Magic.CopyTo(head);
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(8), size);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(16), blockBytes);
            byte[] empty = new byte[(size + blockBytes - 1) / blockBytes];
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, empty, HeadBytes);
            RandomAccess.Write(file, head, 0);
            return new RangeMap(file, empty, size, blockBytes);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that have arrived of a content, as far as its map tells.</summary>
    public static long DoneBytesOf(string blobPath)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(blobPath + Ending, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (Read(file) is not { } map) return 0;
            long missingOfLast = (map.blocks.LongLength * map.grain) - map.size;
            return ((long)map.blocks.Count(block => block == 1) * map.grain) - (map.blocks[^1] == 1 ? missingOfLast : 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Deletes the map of a content.</summary>
    public static void Delete(string blobPath) => File.Delete(blobPath + Ending);

    /// <summary>True once the block has arrived.</summary>
    public bool IsDone(int block)
    {
        lock (access) return blocks[block] == 1;
    }

    /// <summary>Bytes of a block.</summary>
    public int Length(int block) => (int)Math.Min(BlockBytes, Size - ((long)block * BlockBytes));

    /// <summary>The next blocks in a row that nobody fetches yet, at most <paramref name="most"/>; an empty range when there are no more.</summary>
    public (int Start, int End) Take(int most)
    {
        lock (access)
        {
            while (next < blocks.Length && blocks[next] == 1) next++;
            int start = next;
            while (next < blocks.Length && next - start < most && blocks[next] == 0) next++;
            return (start, next);
        }
    }

    /// <summary>Notes that a block's bytes are written.</summary>
    public void Mark(int block)
    {
        lock (access)
        {
            blocks[block] = 1;
            RandomAccess.Write(file, [1], HeadBytes + block);
        }
    }

    /// <summary>Forgets everything that arrived.</summary>
    public void Clear()
    {
        lock (access)
        {
            Array.Clear(blocks);
            RandomAccess.Write(file, blocks, HeadBytes);
            next = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static (long size, int grain, byte[] blocks)? Read(SafeFileHandle file)
    {
        byte[] head = new byte[HeadBytes];
        if (RandomAccess.Read(file, head, 0) != HeadBytes || !head.AsSpan(0, 8).SequenceEqual(Magic)) return null;
        long size = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(8));
        int grain = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(16));
        if (size <= 0 || grain is <= 0 or > LargestBlock || (size - 1) / grain + 1 != RandomAccess.GetLength(file) - HeadBytes) return null;
        byte[] blocks = new byte[RandomAccess.GetLength(file) - HeadBytes];
        return RandomAccess.Read(file, blocks, HeadBytes) == blocks.Length && blocks.All(block => block <= 1) ? (size, grain, blocks) : null;
    }
}
