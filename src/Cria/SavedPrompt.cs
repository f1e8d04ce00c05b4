namespace Cria;

/// <summary>A prompt whose keys and values stand in a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Tokens">The prompt's tokens.</param>
/// <param name="ByteCount">Bytes of the file.</param>
public sealed record SavedPrompt(string Path, string Name, IReadOnlyList<int> Tokens, long ByteCount);
