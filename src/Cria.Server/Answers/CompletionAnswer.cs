using System.Text;
using System.Text.Json;

namespace Cria.Server.Answers;

/// <summary>Writes text completions as OpenAI has them, whole and in chunks.</summary>
/// <param name="host">The model on offer.</param>
/// <param name="model">The name of what answers.</param>
/// <param name="endsWithUsage">Whether a stream ends with what the answers cost; its other chunks then say that they do not know.</param>
internal sealed class CompletionAnswer(ModelHost host, string model, bool endsWithUsage = false)
{
    private readonly string id = $"cmpl-{Guid.NewGuid():N}";
    private readonly long created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly Dictionary<int, int> offsets = [];

    /// <summary>A chunk that repeats the prompt.</summary>
    public void WriteEcho(Utf8JsonWriter json, int index, Echo echo)
    {
        Begin(json);
        WriteChoice(json, index, echo.Text, echo.Pieces, null);
        End(json, null);
        offsets[index] = echo.Text.Length;
    }

    /// <summary>A chunk.</summary>
    public void WriteChunk(Utf8JsonWriter json, ChoicePart part, bool hasLogProbabilities)
    {
        Begin(json);
        WriteChoice(json, part.Index, part.Text, hasLogProbabilities && part.Piece.Token is not null ? [part.Piece] : null, part.Finish);
        End(json, null);
    }

    /// <summary>The chunk that ends a stream where usage was asked for.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, IReadOnlyList<ChoiceReader> choices)
    {
        Begin(json);
        End(json, choices);
    }

    /// <summary>All answers at once, each after its prompt where there is one.</summary>
    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<ChoiceReader> choices, IReadOnlyList<List<ChoicePart>> parts, IReadOnlyList<Echo>? echoes, bool hasLogProbabilities)
    {
        Begin(json);
        foreach (ChoiceReader choice in choices)
        {
            var text = new StringBuilder(echoes?[choice.Index].Text);
            foreach (ChoicePart part in parts[choice.Index]) text.Append(part.Text);
            IEnumerable<TextPiece> prompt = echoes?[choice.Index].Pieces ?? [], answer = parts[choice.Index].Where(part => part.Piece.Token is not null).Select(part => part.Piece);
            WriteChoice(json, choice.Index, text.ToString(), hasLogProbabilities ? [.. prompt, .. answer] : null, parts[choice.Index][^1].Finish);
        }
        End(json, choices);
    }

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "text_completion");
        json.WriteNumber("created", created);
        json.WriteString("model", model);
        json.WriteStartArray("choices");
    }

    private void End(Utf8JsonWriter json, IReadOnlyList<ChoiceReader>? choices)
    {
        json.WriteEndArray();
        if (choices is not null) UsageJson.Write(json, choices);
        else if (endsWithUsage) json.WriteNull("usage");
        json.WriteEndObject();
    }

    private void WriteChoice(Utf8JsonWriter json, int index, string text, IReadOnlyList<TextPiece>? pieces, string? finish)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteString("text", text);
        if (pieces is null) json.WriteNull("logprobs");
        else offsets[index] = TokenProbabilities.WriteCompletion(json, pieces, host.Model.Tokenizer, offsets.GetValueOrDefault(index));
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
    }
}
