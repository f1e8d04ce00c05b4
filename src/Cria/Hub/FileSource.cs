namespace Cria.Hub;

/// <summary>Where a file's bytes are fetched from and how they are checked.</summary>
/// <param name="Etag">The content's name, which its blob in the cache has too.</param>
/// <param name="Address">Where the bytes are.</param>
/// <param name="IsElsewhere">True where that is another host, whose addresses expire.</param>
/// <param name="Sha256">Hash of the content in lower-case hex; null where the hub does not tell.</param>
/// <param name="GitHash">The content's name as an object of git; null where the hub does not tell.</param>
internal sealed record FileSource(string Etag, Uri Address, bool IsElsewhere, string? Sha256, string? GitHash);
