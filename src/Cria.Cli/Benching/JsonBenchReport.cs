namespace Cria.Cli.Benching;

/// <summary>A JSON array, printed when everything is measured.</summary>
internal sealed class JsonBenchReport(Terminal terminal) : BenchReport(terminal)
{
    private readonly List<BenchRow> rows = [];

    /// <inheritdoc/>
    public override void Begin(BenchPlan plan) { }

    /// <inheritdoc/>
    public override void Add(BenchRow row) => rows.Add(row);

    /// <inheritdoc/>
    public override void End() => JsonLine.Write(Output, indented: true, json =>
    {
        json.WriteStartArray();
        foreach (BenchRow row in rows)
        {
            json.WriteStartObject();
            json.WriteString("model", row.Model.Name);
            json.WriteString("type", row.Model.FileType);
            json.WriteNumber("bytes", row.Model.WeightBytes);
            json.WriteNumber("parameters", row.Model.ParameterCount);
            json.WriteNumber("threads", row.Threads);
            json.WriteString("test", row.Test);
            json.WriteNumber("tokensPerSecond", row.Result.TokensPerSecond);
            json.WriteNumber("deviation", row.Result.Deviation);
            json.WriteString("limit", row.Limit.Name);
            json.WriteNumber("shareOfLimit", row.Limit.Share);
            json.WriteStartArray("seconds");
            foreach (double seconds in row.Result.Seconds) json.WriteNumberValue(seconds);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
