namespace Cria.Packing.OneFile;

/// <summary>A file inside a packed file.</summary>
/// <param name="Name">Its path there.</param>
/// <param name="Length">Its bytes, unpacked.</param>
/// <param name="IsStored">True when it lies there as it is, uncompressed.</param>
public sealed record PackedMember(string Name, long Length, bool IsStored);
