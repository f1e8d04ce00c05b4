using System.Text.Json;
using Cria.Tensors;

namespace Cria.Evaluation.Needles;

/// <summary>The results of a needle map as they come, in a file with which an interrupted run goes on.</summary>
public sealed class NeedleJournal : IDisposable
{
    private readonly Dictionary<NeedleCell, NeedleResult> results = [];
    private readonly ResultJournal journal;

    /// <summary>Opens the journal of a map, or begins it. <paramref name="map"/> tells maps apart: model, settings, words.</summary>
    /// <exception cref="CriaException">The file belongs to another map, is no journal, or cannot be written.</exception>
    public NeedleJournal(string path, string map) => journal = ResultJournal.Open(path, map, Take);

    /// <summary>The results so far.</summary>
    public IReadOnlyCollection<NeedleResult> Results => results.Values;

    /// <summary>True when the cell's result is there.</summary>
    public bool Knows(NeedleCell cell) => results.ContainsKey(cell);

    /// <summary>Adds a result.</summary>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void Add(NeedleResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        journal.Add(json =>
        {
            json.WriteNumber("context", result.Cell.Context);
            json.WriteNumber("depth", result.Cell.Depth);
            json.WriteNumber("round", result.Cell.Round);
            json.WriteString("number", result.Number);
            json.WriteString("said", result.Said);
            json.WriteBoolean("forced", result.IsForced);
            json.WriteBoolean("found", result.IsFound);
            json.WriteNumber("prompt_tokens", result.PromptTokens);
            json.WriteNumber("cached_tokens", result.CachedTokens);
            json.WriteNumber("position", result.Position);
            json.WriteNumber("seconds", Math.Round(result.Seconds, 3));
        });
        results[result.Cell] = result;
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    private void Take(JsonElement line)
    {
        var cell = new NeedleCell(line.GetProperty("context").GetInt32(), line.GetProperty("depth").GetDouble(), line.GetProperty("round").GetInt32());
        results[cell] = new NeedleResult(cell, line.GetProperty("number").GetString()!, line.GetProperty("said").GetString()!, line.GetProperty("forced").GetBoolean(), line.GetProperty("found").GetBoolean(),
            line.GetProperty("prompt_tokens").GetInt32(), line.GetProperty("cached_tokens").GetInt32(), line.GetProperty("position").GetInt32(), line.GetProperty("seconds").GetDouble());
    }
}
