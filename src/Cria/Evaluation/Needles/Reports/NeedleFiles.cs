using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Evaluation.Needles.Reports;

/// <summary>Writes a needle map as JSON, CSV, SVG and a page of HTML that needs nothing else. Each file appears when it is whole.</summary>
public static class NeedleFiles
{
    /// <summary>Names of the files in the folder of a map.</summary>
    public const string Json = "results.json", Csv = "results.csv", Svg = "heatmap.svg", FoundSvg = "heatmap-written.svg", Page = "report.html", Journal = "cells.jsonl";

    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes all of them.</summary>
    /// <exception cref="CriaException">A file cannot be written.</exception>
    public static void Write(string folder, NeedleMap map)
    {
        Save(Json, ToJson(map));
        Save(Csv, ToCsv(map));
        Save(Svg, HeatMap.Draw(map));
        Save(FoundSvg, HeatMap.Draw(map, forced: false));
        Save(Page, NeedlePage.Write(map));

        void Save(string name, string text) => PendingFile.Write(Path.Combine(folder, name), stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The map as JSON: settings, means, and every cell with its results.</summary>
    public static string ToJson(NeedleMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Options)) Write(json, map);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }

    /// <summary>The map as CSV, a line a cell, with EasyContext's column names for length, depth and score.</summary>
    public static string ToCsv(NeedleMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var csv = new StringBuilder("Context Length,Document Depth,Score,Written,Needles\n");
        foreach (NeedleScore score in map.Scores)
            csv.Append(CultureInfo.InvariantCulture, $"{score.Context},{score.Depth * 100:0.####},{score.Forced:0.####},{score.Found:0.####},{score.Results.Count}\n");
        return csv.ToString();
    }

    internal static void Write(Utf8JsonWriter json, NeedleMap map)
    {
        NeedleOptions options = map.Options;
        json.WriteStartObject();
        json.WriteString("model", map.Model);
        json.WriteNumber("score", map.Forced);
        json.WriteNumber("written", map.Found);
        json.WriteBoolean("whole", map.IsWhole);
        json.WriteNumber("prompt_tokens", map.PromptTokens);
        json.WriteNumber("shared_tokens", map.CachedTokens);
        json.WriteNumber("seconds", Math.Round(map.Seconds, 3));
        json.WriteStartObject("settings");
        json.WriteNumber("max_context_length", options.MaxContextLength);
        json.WriteNumber("min_context_length", options.MinContextLength);
        json.WriteNumber("context_interval", options.ContextInterval);
        json.WriteNumber("depth_interval", options.DepthInterval);
        json.WriteNumber("rnd_number_digits", options.NumberDigits);
        if (options.GeneratorTokens is { } generator) json.WriteNumber("generator_tokens", generator);
        json.WriteNumber("rounds", options.Rounds);
        json.WriteNumber("distractors", options.Distractors);
        json.WriteNumber("seed", options.Seed);
        json.WriteBoolean("chat", options.IsChat);
        json.WriteString("counts", options.CountsHaystackOnly ? "haystack" : "prompt");
        json.WriteString("needle", options.Form.Needle);
        json.WriteString("prefix", options.Form.Prefix);
        json.WriteString("suffix", options.Form.Suffix);
        json.WriteString("lead_in", options.Form.LeadIn);
        json.WriteEndObject();
        json.WriteStartArray("cells");
        foreach (NeedleScore score in map.Scores)
        {
            json.WriteStartObject();
            json.WriteNumber("context", score.Context);
            json.WriteNumber("depth", score.Depth);
            json.WriteNumber("score", score.Forced);
            json.WriteNumber("written", score.Found);
            json.WriteStartArray("needles");
            foreach (NeedleResult result in score.Results)
            {
                json.WriteStartObject();
                json.WriteString("number", result.Number);
                json.WriteString("said", result.Said);
                json.WriteBoolean("forced", result.IsForced);
                json.WriteBoolean("found", result.IsFound);
                json.WriteNumber("prompt_tokens", result.PromptTokens);
                json.WriteNumber("shared_tokens", result.CachedTokens);
                json.WriteNumber("position", result.Position);
                json.WriteNumber("seconds", Math.Round(result.Seconds, 3));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
