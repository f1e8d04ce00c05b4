namespace Cria.Tensors.Formats.Zip;

/// <summary>A file stored in a zip archive without compression, so that it can be used where it lies.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Start">Offset of its first byte in the archive.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="IsStored">False when it is compressed; then <paramref name="Start"/> points to compressed bytes.</param>
internal readonly record struct ZipMember(string Name, long Start, long Length, bool IsStored);
