using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Cria.Hub;

/// <summary>Takes the hash of a content block by block and compares it with what the hub told: SHA-256, or the name that git gives it.</summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash? hash;
    private readonly byte[] buffer;

    /// <summary>Begins with nothing.</summary>
    public ContentHash(FileSource source, long size, int blockBytes)
    {
        Expected = source.Sha256 ?? source.GitHash;
        buffer = new byte[blockBytes];
        if (source.Sha256 is not null)
        {
            hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }
        else if (source.GitHash is not null)
        {
            // Git names contents by SHA-1; the choice is not ours.
            hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {size}\0")));
        }
    }

    /// <summary>The hash the content must have; null where the hub tells none.</summary>
    public string? Expected { get; }

    /// <summary>Adds the next bytes, read from the file.</summary>
    public void Append(SafeFileHandle file, long offset, int count)
    {
        if (hash is null) return;
        int filled = 0;
        while (filled < count)
        {
            int read = RandomAccess.Read(file, buffer.AsSpan(filled, count - filled), offset + filled);
            if (read == 0) throw new EndOfStreamException("a file that is being fetched has been cut short");
            filled += read;
        }
        hash.AppendData(buffer, 0, count);
    }

    /// <summary>The hash of everything added, in lower-case hex; null where none is expected.</summary>
    public string? Finish() => hash is null ? null : Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => hash?.Dispose();
}
