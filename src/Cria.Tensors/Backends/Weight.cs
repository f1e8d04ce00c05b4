namespace Cria.Tensors.Backends;

/// <summary>A weight matrix or vector as a backend keeps it. Opaque: a backend may have repacked it.</summary>
public abstract class Weight
{
    /// <summary>Describes the weight <paramref name="name"/>.</summary>
    protected Weight(string name, TensorType type, int rows, int columns)
    {
        Name = name;
        Type = type;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>GGUF name, for messages.</summary>
    public string Name { get; }

    /// <summary>Storage type.</summary>
    public TensorType Type { get; }

    /// <summary>Output features (1 for a vector).</summary>
    public int Rows { get; }

    /// <summary>Input features.</summary>
    public int Columns { get; }
}
