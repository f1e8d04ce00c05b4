using System.Text.Json;

namespace Cria.Server.Requests;

/// <summary>The fields of a request that say how an answer is generated: OpenAI's, and those of other servers for what OpenAI lacks.</summary>
internal static class SamplingFields
{
    private const int MostStops = 64;

    /// <summary>Reads the fields.</summary>
    public static GenerationOptions Read(JsonFields fields, LanguageModel model)
    {
        int vocabularySize = model.Config.VocabularySize;
        int? least = (int?)fields.Integer("min_tokens", 0, int.MaxValue);
        int? most = (int?)(fields.Integer("max_completion_tokens", 0, int.MaxValue) ?? fields.Integer("max_tokens", 0, int.MaxValue));
        if (least > most) throw ApiException.Field("min_tokens", FormattableString.Invariant($"is {least}, but max_tokens is {most}"));
        return new GenerationOptions
        {
            Temperature = fields.Number("temperature", 0, 1000),
            // 0 and -1 are how others turn it off or ask for the most probable token.
            TopK = (int?)fields.Integer("top_k", -1, int.MaxValue) is { } k ? Math.Max(k, 0) : null,
            TopP = fields.Number("top_p", 0, 1) is { } p ? Math.Max(p, 1e-6f) : null,
            MinP = fields.Number("min_p", 0, 1),
            TypicalP = fields.Number("typical_p", 0, 1) is { } typical ? Math.Max(typical, 1e-6f) : null,
            XtcProbability = fields.Number("xtc_probability", 0, 1),
            XtcThreshold = fields.Number("xtc_threshold", 0, 1),
            RepetitionPenalty = fields.Number("repetition_penalty", 0.001, 1000) ?? fields.Number("repeat_penalty", 0.001, 1000),
            RepetitionWindow = (int?)(fields.Integer("repetition_window", 0, int.MaxValue) ?? fields.Integer("repeat_last_n", 0, int.MaxValue)),
            FrequencyPenalty = fields.Number("frequency_penalty", -1000, 1000),
            PresencePenalty = fields.Number("presence_penalty", -1000, 1000),
            Seed = fields.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : null,
            MinTokens = least,
            MaxTokens = most,
            LogitBias = Bias(fields, vocabularySize),
            Stop = Stops(fields),
            StopTokens = StopTokens(fields, model),
            // A smaller number goes first there, a larger one here.
            Priority = (int)-(fields.Integer("priority", -1000, 1000) ?? 0),
        };
    }

    private static Dictionary<int, float>? Bias(JsonFields fields, int vocabularySize)
    {
        if (fields.Object("logit_bias") is not { } map) return null;
        var biases = new Dictionary<int, float>();
        foreach (JsonProperty entry in map.Json.EnumerateObject())
        {
            string path = map.PathOf(entry.Name);
            if (!int.TryParse(entry.Name, System.Globalization.CultureInfo.InvariantCulture, out int token) || token < 0 || token >= vocabularySize)
                throw ApiException.Field(path, FormattableString.Invariant($"names no token; ids are 0 to {vocabularySize - 1}"));
            float bias = map.Number(entry.Name, -100, 100) ?? 0;
            // The ends of OpenAI's range mean "never" and "always".
            biases[token] = bias <= -100 ? float.NegativeInfinity : bias;
        }
        return biases;
    }

    private static string[] Stops(JsonFields fields)
    {
        if (fields.Raw("stop") is not { } stop) return [];
        if (stop.ValueKind == JsonValueKind.String) return [JsonFields.TextOf(stop, "stop")];
        if (stop.ValueKind != JsonValueKind.Array) throw fields.Wrong("stop", "a string or a list of strings", stop);
        if (stop.GetArrayLength() > MostStops) throw ApiException.Field("stop", $"holds {stop.GetArrayLength()} texts, but at most {MostStops} are looked for");
        return [.. fields.List("stop")!.Select(item => JsonFields.TextOf(item.Value, item.Path))];
    }

    /// <summary>The tokens that end the answer: those that stand in for the model's own, and those besides. Null where nothing is said of them.</summary>
    private static int[]? StopTokens(JsonFields fields, LanguageModel model)
    {
        int[]? ends = fields.Flag("ignore_eos") == true ? [] : Tokens(fields, "eos_token", model.Config.VocabularySize);
        return Tokens(fields, "stop_token_ids", model.Config.VocabularySize) is { } more ? [.. (ends ?? model.Tokenizer.StopTokens).Union(more)] : ends;
    }

    private static int[]? Tokens(JsonFields fields, string name, int vocabularySize) => fields.List(name) is not { } list ? null : [.. list.Select(item =>
    {
        long token = JsonFields.IntegerOf(item.Value, item.Path);
        return token >= 0 && token < vocabularySize ? (int)token : throw ApiException.Field(item.Path, FormattableString.Invariant($"is {token}, but tokens are 0 to {vocabularySize - 1}"));
    })];
}
