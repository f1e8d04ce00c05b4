using System.Text.Json;
using Cria.Generation;
using Cria.Tokenization;

namespace Cria.Server.Answers;

/// <summary>Probabilities of tokens, in the two forms OpenAI has.</summary>
internal static class TokenProbabilities
{
    // JSON knows no infinity; this is what others write for a probability of zero.
    private const float Least = -9999;

    /// <summary>The form of chats: one object a token.</summary>
    public static void WriteChat(Utf8JsonWriter json, IEnumerable<TextPiece> pieces, Tokenizer tokenizer)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        foreach (TextPiece piece in pieces)
        {
            json.WriteStartObject();
            WriteToken(json, piece.Token!.Value, piece.LogProbability, tokenizer);
            json.WriteStartArray("top_logprobs");
            foreach (TokenProbability other in piece.Alternatives)
            {
                json.WriteStartObject();
                WriteToken(json, other.Token, other.LogProbability, tokenizer);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    /// <summary>The form of completions: lists side by side. <paramref name="offset"/> is where the first token's text begins; returns where the next one's would.</summary>
    public static int WriteCompletion(Utf8JsonWriter json, IReadOnlyList<TextPiece> pieces, Tokenizer tokenizer, int offset)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (TextPiece piece in pieces) json.WriteStringValue(Text(piece.Token!.Value, tokenizer));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (TextPiece piece in pieces)
        {
            // The first token of a text follows nothing.
            if (piece.LogProbability is null) json.WriteNullValue();
            else json.WriteNumberValue(Finite(piece.LogProbability));
        }
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (TextPiece piece in pieces)
        {
            if (piece.LogProbability is null)
            {
                json.WriteNullValue();
                continue;
            }
            json.WriteStartObject();
            // Tokens that are no text on their own look alike; the likeliest of them is told.
            foreach (TokenProbability other in piece.Alternatives.DistinctBy(other => Text(other.Token, tokenizer))) json.WriteNumber(Text(other.Token, tokenizer), Finite(other.LogProbability));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (TextPiece piece in pieces)
        {
            json.WriteNumberValue(offset);
            offset += piece.Text.Length;
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return offset;
    }

    private static void WriteToken(Utf8JsonWriter json, int token, float? logProbability, Tokenizer tokenizer)
    {
        json.WriteString("token", Text(token, tokenizer));
        json.WriteNumber("logprob", Finite(logProbability));
        json.WriteStartArray("bytes");
        if (token < tokenizer.VocabularySize)
        {
            foreach (byte value in tokenizer.TokenBytes(token)) json.WriteNumberValue(value);
        }
        json.WriteEndArray();
    }

    // A network may have more rows than the vocabulary has tokens.
    private static string Text(int token, Tokenizer tokenizer) => token < tokenizer.VocabularySize ? tokenizer.TokenText(token) : "";

    private static float Finite(float? logProbability) => logProbability is { } value && value > Least ? value : Least;
}
