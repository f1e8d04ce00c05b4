using Cria.Packing;

namespace Cria.Cli;

/// <summary>A bar on standard error while weights are brought into another layout, where a person looks on; it leaves nothing behind.</summary>
internal sealed class PreparingProgress(Terminal terminal, CancellationToken cancellationToken) : IProgress<TensorProgress>, IDisposable
{
    private WorkBar? bar;

    /// <summary>Shows how far it is. Throws <see cref="OperationCanceledException"/> when the user has had enough.</summary>
    public void Report(TensorProgress value)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bar ??= new WorkBar(terminal);
        if (value.DoneElements < value.TotalElements) bar.Show((double)value.DoneElements / Math.Max(1, value.TotalElements), "preparing the weights, once");
        else bar.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => bar?.Dispose();
}
