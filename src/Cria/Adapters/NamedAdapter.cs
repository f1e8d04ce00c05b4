namespace Cria.Adapters;

/// <summary>An adapter that a request may choose by its name.</summary>
/// <param name="Name">The name.</param>
/// <param name="File">The adapter on disk, and how strongly to apply it.</param>
public readonly record struct NamedAdapter(string Name, AdapterFile File);
