using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cria.Evaluation.Ruler;

/// <summary>RULER's scores: for each task and length the mean of string_match_all, in percent.</summary>
public sealed class RulerReport
{
    private readonly Dictionary<(string, int), double> scores;

    /// <summary>Gathers results.</summary>
    public RulerReport(string model, RulerOptions options, IReadOnlyCollection<RulerResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        Model = model;
        Options = options;
        Results = [.. results.OrderBy(result => result.Cell.Length).ThenBy(result => result.Cell.Task, StringComparer.Ordinal).ThenBy(result => result.Cell.Index)];
        scores = Results.GroupBy(result => (result.Cell.Task, result.Cell.Length)).ToDictionary(group => group.Key, group => 100 * group.Average(result => result.MatchAll));
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>What was measured.</summary>
    public RulerOptions Options { get; }

    /// <summary>Every result.</summary>
    public IReadOnlyList<RulerResult> Results { get; }

    /// <summary>The score of a task at a length, in percent; NaN where nothing was measured.</summary>
    public double Score(string task, int length) => scores.GetValueOrDefault((task, length), double.NaN);

    /// <summary>The mean over the tasks at a length.</summary>
    public double Mean(int length) => Options.Tasks.Average(task => Score(task.Name, length));

    /// <summary>The scores as CSV, a line a task and length.</summary>
    public string ToCsv()
    {
        var csv = new StringBuilder("Task,Length,Score,Samples\n");
        foreach (int length in Options.Lengths)
            foreach (RulerTask task in Options.Tasks)
                csv.Append(CultureInfo.InvariantCulture, $"{task.Name},{length},{Score(task.Name, length):0.##},{Results.Count(result => result.Cell.Task == task.Name && result.Cell.Length == length)}\n");
        return csv.ToString();
    }

    /// <summary>The scores and every answer as JSON.</summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) Write(json);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model", Model);
        json.WriteNumber("samples", Options.Samples);
        json.WriteNumber("seed", Options.Seed);
        json.WriteBoolean("chat", Options.IsChat);
        json.WriteStartArray("scores");
        foreach (int length in Options.Lengths)
        {
            json.WriteStartObject();
            json.WriteNumber("length", length);
            json.WriteNumber("mean", Math.Round(Mean(length), 2));
            foreach (RulerTask task in Options.Tasks) json.WriteNumber(task.Name, Math.Round(Score(task.Name, length), 2));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("answers");
        foreach (RulerResult result in Results)
        {
            json.WriteStartObject();
            RulerJournal.Write(json, result);
            json.WriteNumber("match_all", Math.Round(result.MatchAll, 4));
            json.WriteNumber("match_part", result.MatchPart);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
