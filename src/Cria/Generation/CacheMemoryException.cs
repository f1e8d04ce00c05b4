using Cria.Tensors;

namespace Cria.Generation;

/// <summary>The system had no memory for the keys and values of an answer, which ended there; later, or with fewer answers at a time, it may work.</summary>
public sealed class CacheMemoryException : CriaException
{
    internal CacheMemoryException() : base("there is no memory left for the keys and values of this answer; ask for fewer or shorter ones at a time, or choose a smaller context")
    {
    }
}
