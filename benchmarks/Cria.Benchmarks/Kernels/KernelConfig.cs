using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;

namespace Cria.Benchmarks.Kernels;

/// <summary>What the reports of kernels hold: parameters, the median, the error, and work a second in place of allocations.</summary>
internal static class KernelConfig
{
    /// <summary>A report with <paramref name="unit"/>: <paramref name="workOf"/> gives an operation's work.</summary>
    public static ManualConfig With(string unit, Func<BenchmarkCase, double> workOf) => ManualConfig.CreateEmpty()
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub)
        .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params)
        .AddColumn(StatisticColumn.Median, StatisticColumn.StdDev, new ThroughputColumn(unit, workOf));
}
