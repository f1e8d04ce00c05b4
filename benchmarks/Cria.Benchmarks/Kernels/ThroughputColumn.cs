using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Cria.Benchmarks.Kernels;

/// <summary>Work a second: what one operation does, from the case's parameters, by its median time.</summary>
internal sealed class ThroughputColumn(string unit, Func<BenchmarkCase, double> workOf) : IColumn
{
    public string Id => nameof(ThroughputColumn) + "." + unit;

    public string ColumnName => unit;

    public string Legend => unit switch
    {
        "GB/s" => "10⁹ bytes a second at the median time, on one core",
        _ => "10⁹ multiply-adds a second at the median time, on one core",
    };

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    // Times are in nanoseconds, so work / time is already in 10⁹ a second.
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase]?.ResultStatistics is { } times ? (workOf(benchmarkCase) / times.Median).ToString("F1", CultureInfo.InvariantCulture) : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
