using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Cria.Evaluation.Needles.Reports;

/// <summary>A needle map as one page of HTML that needs nothing else: the picture with what was said in each cell, the misses, the settings.</summary>
public static class NeedlePage
{
    private const int MostMisses = 200;

    /// <summary>The page.</summary>
    public static string Write(NeedleMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        using Stream resource = typeof(NeedlePage).Assembly.GetManifestResourceStream("Cria.needles.html") ?? throw new InvalidOperationException("the page is not in the assembly");
        using var reader = new StreamReader(resource);
        return Fill(reader.ReadToEnd(), ("%TITLE%", Text($"{map.Model}: needle in a haystack")), ("%MODEL%", Text(map.Model)), ("%CARDS%", Cards(map)), ("%FORCED%", Inline(HeatMap.Draw(map))),
            ("%FOUND%", Inline(HeatMap.Draw(map, forced: false))), ("%MISSES%", Misses(map)), ("%SETTINGS%", Settings(map)), ("%DATA%", Data(map)));
    }

    /// <summary>Fills marks, which stand in this order, in one pass, so that none is looked for in what was filled in.</summary>
    private static string Fill(string page, params (string Mark, string Value)[] values)
    {
        var filled = new StringBuilder();
        int at = 0;
        foreach ((string mark, string value) in values)
        {
            int place = page.IndexOf(mark, at, StringComparison.Ordinal);
            filled.Append(page, at, place - at).Append(value);
            at = place + mark.Length;
        }
        return filled.Append(page, at, page.Length - at).ToString();
    }

    private static string Cards(NeedleMap map)
    {
        var cards = new StringBuilder();
        Card(Percent(map.Forced), "teacher-forced: every token of the number the likeliest");
        Card(Percent(map.Found), "written freely");
        Card(map.Results.Count().ToString("#,0", CultureInfo.InvariantCulture) + (map.IsWhole ? "" : " so far"), $"needles, {HeatMap.Length(map.Contexts[0])} to {HeatMap.Length(map.Contexts[^1])} tokens");
        if (map.PromptTokens > 0) Card(Percent((double)map.CachedTokens / map.PromptTokens), "of all tokens shared between cells and computed once");
        Card(Time(map.Seconds), "computing");
        return cards.ToString();

        void Card(string value, string what) => cards.Append(CultureInfo.InvariantCulture, $"<div class=\"card\"><b>{Text(value)}</b><span>{Text(what)}</span></div>");
    }

    private static string Settings(NeedleMap map)
    {
        NeedleOptions options = map.Options;
        var rows = new StringBuilder();
        Row("contexts", $"{options.MinContextLength} to {options.MaxContextLength} every {options.ContextInterval} tokens, of {(options.CountsHaystackOnly ? "haystack" : "the whole prompt with its answer")}");
        Row("depths", FormattableString.Invariant($"every {options.DepthInterval}, moved to the next sentence's end"));
        Row("number", FormattableString.Invariant($"{options.NumberDigits} digits, {options.Rounds} a cell, seed {options.Seed}"));
        Row("haystack", options.GeneratorTokens is { } tokens ? $"{tokens} distinct tokens, repeated" : "all of the text, repeated where it ends");
        if (options.Distractors > 0) Row("distractors", $"{options.Distractors}");
        Row("asked", options.IsChat ? "through the model's chat template" : "as text to be continued");
        Row("needle", options.Form.Needle.Trim());
        Row("before", options.Form.Prefix);
        Row("question", (options.Form.Suffix + (options.IsChat ? " → " : "") + options.Form.LeadIn).Trim());
        return rows.ToString();

        void Row(string name, string value) => rows.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(name)}</th><td><code>{Text(value)}</code></td></tr>");
    }

    private static string Misses(NeedleMap map)
    {
        NeedleResult[] misses = [.. map.Results.Where(result => !result.IsForced || !result.IsFound)];
        if (misses.Length == 0) return "<tr><td>None: every needle was found.</td></tr>";
        var rows = new StringBuilder("<tr><th class=\"n\">context</th><th class=\"n\">depth</th><th class=\"n\">number</th><th>teacher-forced</th><th>written freely</th></tr>");
        foreach (NeedleResult miss in misses.Take(MostMisses))
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{miss.Cell.Context:#,0}</td><td class=\"n\">{miss.Cell.Depth:0.#%}</td><td class=\"n\">{miss.Number}</td><td class=\"{Style(miss.IsForced)}\">{(miss.IsForced ? "right" : "wrong")}</td><td class=\"{Style(miss.IsFound)}\"><code>{Text(miss.Said.Trim())}</code></td></tr>");
        if (misses.Length > MostMisses) rows.Append(CultureInfo.InvariantCulture, $"<tr><td colspan=\"5\">and {misses.Length - MostMisses} more; results.json has them</td></tr>");
        return rows.ToString();

        static string Style(bool isRight) => isRight ? "yes" : "no";
    }

    /// <summary>The map as JSON that cannot end the script it stands in.</summary>
    private static string Data(NeedleMap map)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes)) NeedleFiles.Write(json, map);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>A picture inside a page is named by what stands around it.</summary>
    private static string Inline(string svg) => svg.Replace("<svg ", "<svg role=\"img\" aria-label=\"Needle map\" ", StringComparison.Ordinal);

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Percent(double share) => share.ToString(share is 0 or 1 ? "0%" : "0.0%", CultureInfo.InvariantCulture);

    private static string Time(double seconds) => seconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60}:{(int)seconds % 60:00} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600}:{(int)seconds / 60 % 60:00} h"),
    };
}
