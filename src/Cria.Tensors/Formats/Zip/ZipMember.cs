namespace Cria.Tensors.Formats.Zip;

/// <summary>A file in a zip archive; stored without compression, it can be used where it lies.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Start">Offset of its first byte in the archive.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="IsStored">False when it is compressed; then <paramref name="Start"/> points to compressed bytes.</param>
internal readonly record struct ZipMember(string Name, long Start, long Length, bool IsStored)
{
    /// <summary>The bytes it takes in the archive.</summary>
    public long PackedLength { get; init; }

    /// <summary>How it is compressed: 0 is not at all, 8 is deflate.</summary>
    public int Method { get; init; }

    /// <summary>The checksum of its content, see <see cref="Crc32"/>.</summary>
    public uint Checksum { get; init; }
}
