namespace Cria.Tokenization;

/// <summary>A part of a prompt. Special tokens are read only from trusted parts; what users and documents wrote is never trusted.</summary>
/// <param name="Text">The characters.</param>
/// <param name="IsTrusted">Whether the part comes from the prompt's template.</param>
public readonly record struct TextSegment(string Text, bool IsTrusted);
