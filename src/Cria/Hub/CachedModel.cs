namespace Cria.Hub;

/// <summary>A model on this computer.</summary>
/// <param name="Name">The shortest name that opens it.</param>
/// <param name="Form">Its form.</param>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="Commit">The commit it is from.</param>
/// <param name="Refs">Branches and tags that were at that commit when it was pulled.</param>
/// <param name="PulledAt">When its latest file came.</param>
/// <param name="MissingParts">How many of its parts are not here.</param>
/// <param name="Path">What to open.</param>
public sealed record CachedModel(HubName Name, ModelForm Form, long Bytes, string Commit, IReadOnlyList<string> Refs, DateTime PulledAt, int MissingParts, string Path);
