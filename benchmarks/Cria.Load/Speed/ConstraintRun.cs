using System.Text.Json.Nodes;

namespace Cria.Load.Speed;

/// <summary>
/// What a grammar costs: seconds a token of one stream with it over those without. The forms leave nearly every token to choice, so that stretches that are
/// forced, and cost nothing, do not flatter the figure.
/// </summary>
internal sealed class ConstraintRun(RateRun rate)
{
    private const int Repetitions = 7;

    private static readonly (string Name, string Form)[] Forms =
    [
        ("a JSON string", """{"type":"json_schema","json_schema":{"name":"text","schema":{"type":"string","minLength":2000}}}"""),
        ("a JSON list of numbers and words", """{"type":"json_schema","json_schema":{"name":"list","schema":{"type":"array","minItems":500,"items":{"anyOf":[{"type":"number"},{"type":"string"},{"type":"boolean"}]}}}}"""),
    ];

    /// <summary>Measures, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        foreach ((string name, string form) in Forms)
        {
            Action<JsonObject> hold = request => request["response_format"] = JsonNode.Parse(form);
            await rate.TokenSecondsAsync(hold).ConfigureAwait(false);
            var ratios = new List<double>();
            for (int repetition = 0; repetition < Repetitions; repetition++)
            {
                // In turn, because machines have moods.
                double free = await rate.TokenSecondsAsync(_ => { }).ConfigureAwait(false);
                ratios.Add(await rate.TokenSecondsAsync(hold).ConfigureAwait(false) / free);
            }
            Table.Row($"time of a token under {name}, times that of free text", Table.Median(ratios), 3);
        }
    }
}
