using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Cria.Server.Observation;

/// <summary>Sends spans and metrics to a collector by OTLP, over HTTP unless <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> asks for grpc. What is left is sent when it is disposed.</summary>
internal sealed class TelemetryExport : IDisposable
{
    private readonly TracerProvider spans;
    private readonly MeterProvider metrics;

    /// <summary>Begins to send to a collector's address, such as <c>http://localhost:4318</c>.</summary>
    public TelemetryExport(Uri collector)
    {
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("cria", serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3)).AddEnvironmentVariableDetector();
        spans = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Telemetry.SourceName, "Microsoft.AspNetCore")
            .AddOtlpExporter(options => Address(options, collector, "v1/traces")).Build();
        metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Telemetry.SourceName)
            .AddOtlpExporter(options => Address(options, collector, "v1/metrics")).Build();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        spans.Dispose();
        metrics.Dispose();
    }

    private static void Address(OtlpExporterOptions options, Uri collector, string path)
    {
        bool isGrpc = string.Equals(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL"), "grpc", StringComparison.OrdinalIgnoreCase);
        options.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = isGrpc ? collector : new Uri(collector.AbsoluteUri.TrimEnd('/') + "/" + path);
    }
}
