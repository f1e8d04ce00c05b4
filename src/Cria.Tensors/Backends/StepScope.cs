using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>Gives the memory of a scope's tensors back when disposed.</summary>
public readonly ref struct StepScope
{
    private readonly Arena? arena;
    private readonly (int Block, long Used) mark;
    private readonly Recording.RecordingBackend? recorder;

    internal StepScope(Arena arena)
    {
        this.arena = arena;
        mark = arena.Mark();
    }

    internal StepScope(Recording.RecordingBackend recorder)
    {
        this.recorder = recorder;
    }

    /// <summary>Ends the scope.</summary>
    public void Dispose()
    {
        arena?.Release(mark);
        recorder?.EndScope();
    }
}
