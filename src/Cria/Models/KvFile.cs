using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Models;

/// <summary>
/// Keys and values of a sequence on disk, ready to be used again.
/// <code>
/// byte 0..7    "CRIA-KV\n"
/// byte 8..11   version, 1
/// byte 12..15  length of the header
/// header       JSON: name, hashes of model, template and rotary settings, types, shape, number of tokens
/// tokens       32 bits each
/// pages        part after part, as the cache holds them; behind the last token zeros
/// last 32      SHA-256 of everything before
/// </code>
/// Numbers are little-endian.
/// </summary>
internal sealed class KvFile : IDisposable
{
    private const int Version = 1, LongestHeader = 1 << 20, HashBytes = 32, Piece = 1 << 20;

    private readonly string path;
    private readonly FileStream stream;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private KvFile(string path)
    {
        this.path = path;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}; check the path", failure);
        }
    }

    /// <summary>What the file says about itself.</summary>
    public KvFileHeader Header { get; private set; } = null!;

    /// <summary>The tokens.</summary>
    public int[] Tokens { get; private set; } = null!;

    private static ReadOnlySpan<byte> Magic => "CRIA-KV\n"u8;

    /// <summary>Opens a file and reads its header and tokens. Throws <see cref="CriaException"/> when it is damaged or of another kind.</summary>
    public static KvFile Open(string path)
    {
        var file = new KvFile(path);
        try
        {
            file.Begin();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a file, which appears under its name when it is whole. The last page is the caller's to clear behind the last token.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">What it says about itself.</param>
    /// <param name="tokens">As many tokens as the header says.</param>
    /// <param name="pages">Their pages.</param>
    public static void Write(string path, KvFileHeader header, ReadOnlySpan<int> tokens, IReadOnlyList<KvPageMemory> pages)
    {
        int[] kept = tokens.ToArray();
        PendingFile.Write(path, output =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] text = header.ToJson();
            Span<byte> start = stackalloc byte[16];
            Magic.CopyTo(start);
            BinaryPrimitives.WriteInt32LittleEndian(start[8..], Version);
            BinaryPrimitives.WriteInt32LittleEndian(start[12..], text.Length);
            Put(start);
            Put(text);
            if (!BitConverter.IsLittleEndian) for (int i = 0; i < kept.Length; i++) kept[i] = BinaryPrimitives.ReverseEndianness(kept[i]);
            Put(MemoryMarshal.AsBytes(kept.AsSpan()));
            byte[] whole = new byte[header.Layout.PageBytes];
            foreach (KvPageMemory page in pages)
            {
                page.CopyTo(whole);
                Put(whole);
            }
            output.Write(hash.GetHashAndReset());

            void Put(ReadOnlySpan<byte> bytes)
            {
                hash.AppendData(bytes);
                output.Write(bytes);
            }
        });
    }

    /// <summary>Reads the pages in order and checks the whole file.</summary>
    public void ReadPages(IReadOnlyList<KvPageMemory> pages)
    {
        byte[] whole = new byte[Header.Layout.PageBytes];
        foreach (KvPageMemory page in pages)
        {
            // Piece by piece, so that the hash finds the bytes in the processor's cache.
            for (int done = 0; done < whole.Length; done += Piece) Read(whole.AsSpan(done, Math.Min(Piece, whole.Length - done)));
            page.CopyFrom(whole);
        }
        Span<byte> stored = stackalloc byte[HashBytes];
        byte[] own = hash.GetHashAndReset();
        Read(stored);
        if (!stored.SequenceEqual(own)) throw Damaged("its contents have changed since it was written");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        hash.Dispose();
    }

    private void Begin()
    {
        Span<byte> start = stackalloc byte[16];
        if (stream.Length < start.Length + HashBytes) throw Damaged("it is too short");
        Read(start);
        if (!start[..8].SequenceEqual(Magic)) throw new CriaException($"{path} is no saved prompt; name a file that cria has written");
        int version = BinaryPrimitives.ReadInt32LittleEndian(start[8..]);
        if (version != Version) throw new CriaException($"{path} is a saved prompt of version {version}, this is a cria for version {Version}; save it anew");
        int length = BinaryPrimitives.ReadInt32LittleEndian(start[12..]);
        if (length is < 2 or > LongestHeader || length > stream.Length) throw Damaged("its header has no sensible length");
        byte[] text = new byte[length];
        Read(text);
        Header = KvFileHeader.FromJson(text) ?? throw Damaged("its header cannot be read");
        if (stream.Length != start.Length + length + Header.ContentBytes + HashBytes) throw Damaged("its length is not what its header says");
        Tokens = new int[Header.TokenCount];
        Read(MemoryMarshal.AsBytes(Tokens.AsSpan()));
        if (!BitConverter.IsLittleEndian) for (int i = 0; i < Tokens.Length; i++) Tokens[i] = BinaryPrimitives.ReverseEndianness(Tokens[i]);
    }

    private void Read(Span<byte> target)
    {
        try
        {
            stream.ReadExactly(target);
        }
        catch (EndOfStreamException)
        {
            throw Damaged("it is cut short");
        }
        catch (IOException failure)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}; check the disk", failure);
        }
        hash.AppendData(target);
    }

    private CriaException Damaged(string how) => new($"{path} is damaged: {how}; delete it and save the prompt again");
}
