namespace Cria.Tensors.Backends;

/// <summary>The shape of cached keys and values.</summary>
/// <param name="LayerCount">Layers.</param>
/// <param name="HeadCount">Key-value heads of a layer.</param>
/// <param name="HeadSize">Features of a head.</param>
/// <param name="Type">F16 or F32.</param>
public sealed record KvLayout(int LayerCount, int HeadCount, int HeadSize, TensorType Type)
{
    /// <summary>Positions in a page. One page holds all layers.</summary>
    public const int PageSize = 64;

    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Type == TensorType.F32 ? 4 : 2;

    /// <summary>Bytes of one head's keys (or values) in a page.</summary>
    public long HeadBytes => (long)PageSize * HeadSize * ElementBytes;

    /// <summary>Bytes of a page: keys and values of all layers for <see cref="PageSize"/> positions.</summary>
    public long PageBytes => 2L * LayerCount * HeadCount * HeadBytes;
}
