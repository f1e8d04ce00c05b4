using Cria.Tensors;

namespace Cria.Generation;

/// <summary>The engine has more waiting requests than it may hold; try again later.</summary>
public sealed class QueueFullException : CriaException
{
    internal QueueFullException(int waiting, int capacity)
        : base($"{waiting} requests are waiting and {capacity} may; try again when some are done")
    {
        Waiting = waiting;
        Capacity = capacity;
    }

    /// <summary>Requests that wait.</summary>
    public int Waiting { get; }

    /// <summary>Requests that may wait.</summary>
    public int Capacity { get; }
}
