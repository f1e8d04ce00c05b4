using System.Runtime.InteropServices;
using Cria.Server.Answers;
using Cria.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class EmbeddingsEndpoint
{
    private const int MostInputs = 2048;

    /// <summary>Gives a vector for each text.</summary>
    public static async Task ServeAsync(HttpContext context, ModelHost host)
    {
        JsonFields fields = await RequestBody.ReadAsync(context, host.Options.MaxBodyBytes).ConfigureAwait(false);
        string? adapter = host.AdapterOf(fields);
        LanguageModel model = host.Model;
        string encoding = fields.Text("encoding_format") ?? "float";
        if (encoding is not ("float" or "base64")) throw ApiException.Field("encoding_format", $"is '{encoding}', but must be float or base64");
        if (fields.Integer("dimensions", 1, int.MaxValue) is { } wanted && wanted != model.Config.HiddenSize)
            throw ApiException.Field("dimensions", FormattableString.Invariant($"is {wanted}, but this model's vectors have {model.Config.HiddenSize}"));
        IReadOnlyList<(int[] Tokens, string? Text)> inputs = TokenFields.Read(fields, "input", model, MostInputs);
        // Checked before anything runs, so that a long list does not fail at its end.
        foreach ((int[] tokens, _) in inputs)
        {
            if (tokens.Length > model.ContextLength)
                throw ApiException.Field("input", FormattableString.Invariant($"has a text of {tokens.Length} tokens, but the context holds {model.ContextLength}; shorten it"), "context_length_exceeded");
        }
        float[][] vectors = new float[inputs.Count][];
        await Parallel.ForAsync(0, inputs.Count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = context.RequestAborted }, async (i, token) =>
            vectors[i] = await model.EmbedAsync(inputs[i].Tokens, adapter, token).ConfigureAwait(false)).ConfigureAwait(false);
        await Json.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            for (int i = 0; i < vectors.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("object", "embedding");
                json.WriteNumber("index", i);
                if (encoding == "base64")
                {
                    json.WriteBase64String("embedding", MemoryMarshal.AsBytes<float>(vectors[i]));
                }
                else
                {
                    json.WriteStartArray("embedding");
                    foreach (float value in vectors[i]) json.WriteNumberValue(value);
                    json.WriteEndArray();
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("model", adapter ?? host.Name);
            int count = inputs.Sum(input => input.Tokens.Length);
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", count);
            json.WriteNumber("total_tokens", count);
            json.WriteEndObject();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }
}
