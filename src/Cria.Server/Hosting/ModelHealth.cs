using Cria.Generation;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Cria.Server.Hosting;

/// <summary>Healthy while requests are taken; what runs and what waits stands beside it.</summary>
internal sealed class ModelHealth(ModelHost host) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        EngineStatistics now = host.Model.Engine.Statistics;
        var data = new Dictionary<string, object> { ["model"] = host.Name, ["running"] = now.Running, ["waiting"] = now.Waiting };
        return Task.FromResult(host.IsDraining
            ? new HealthCheckResult(context.Registration.FailureStatus, "no new requests are taken: the application is shutting down", data: data)
            : HealthCheckResult.Healthy($"{host.Name} takes requests", data));
    }
}
