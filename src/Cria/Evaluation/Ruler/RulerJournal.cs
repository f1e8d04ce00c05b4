using System.Text.Json;
using Cria.Tensors;

namespace Cria.Evaluation.Ruler;

/// <summary>RULER's results as they come, in a file with which an interrupted run goes on.</summary>
public sealed class RulerJournal : IDisposable
{
    private readonly Dictionary<RulerCell, RulerResult> results = [];
    private readonly ResultJournal journal;

    /// <summary>Opens the journal of a run, or begins it. <paramref name="run"/> tells runs apart.</summary>
    /// <exception cref="CriaException">The file belongs to another run, is no journal, or cannot be written.</exception>
    public RulerJournal(string path, string run) => journal = ResultJournal.Open(path, run, Take);

    /// <summary>The results so far.</summary>
    public IReadOnlyCollection<RulerResult> Results => results.Values;

    /// <summary>True when the sample's result is there.</summary>
    public bool Knows(RulerCell cell) => results.ContainsKey(cell);

    /// <summary>Adds a result.</summary>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void Add(RulerResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        journal.Add(json => Write(json, result));
        results[result.Cell] = result;
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    internal static void Write(Utf8JsonWriter json, RulerResult result)
    {
        json.WriteString("task", result.Cell.Task);
        json.WriteNumber("length", result.Cell.Length);
        json.WriteNumber("index", result.Cell.Index);
        json.WriteStartArray("outputs");
        foreach (string output in result.Outputs) json.WriteStringValue(output);
        json.WriteEndArray();
        json.WriteString("said", result.Said);
        json.WriteNumber("prompt_tokens", result.PromptTokens);
    }

    private void Take(JsonElement line)
    {
        var cell = new RulerCell(line.GetProperty("task").GetString()!, line.GetProperty("length").GetInt32(), line.GetProperty("index").GetInt32());
        results[cell] = new RulerResult(cell, [.. line.GetProperty("outputs").EnumerateArray().Select(output => output.GetString()!)], line.GetProperty("said").GetString()!, line.GetProperty("prompt_tokens").GetInt32());
    }
}
