namespace Cria.Adapters;

/// <summary>An adapter and how strongly it is applied.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Scale">Factor on everything it adds: 1 is as it was trained.</param>
public readonly record struct ScaledAdapter(LoraAdapter Adapter, double Scale = 1);
