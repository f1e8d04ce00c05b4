using Microsoft.Extensions.Hosting;

namespace Cria.Server.Hosting;

/// <summary>Loads the model with the application, and lets running answers finish before it stops.</summary>
internal sealed class ModelLifetime(ModelHost host) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits for running answers, as long as the application's shutdown may take.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await host.DrainAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What still runs is cut off.
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
