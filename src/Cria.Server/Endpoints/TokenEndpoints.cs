using Cria.Chat;
using Cria.Server.Answers;
using Cria.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>POST /v1/tokenize</c>, <c>/v1/detokenize</c> and <c>/apply-template</c>: text to ids and back, and conversations to prompts.</summary>
internal static class TokenEndpoints
{
    /// <summary>The ids of a text or of a conversation's prompt.</summary>
    public static async Task TokenizeAsync(HttpContext context, ModelHost host)
    {
        JsonFields fields = await ReadAsync(context, host).ConfigureAwait(false);
        int[] tokens = fields.Raw("messages") is not null ? Render(fields, host).Encode(host.Model.Tokenizer)
            : TokenFields.OfText(fields.Text("prompt") ?? fields.Text("content") ?? throw fields.Missing("prompt"), fields, host.Model).Tokens;
        bool hasPieces = fields.Flag("with_pieces") ?? fields.Flag("return_token_strs") ?? false;
        await Json.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tokens");
            foreach (int token in tokens) json.WriteNumberValue(token);
            json.WriteEndArray();
            if (hasPieces)
            {
                json.WriteStartArray("token_strs");
                foreach (int token in tokens) json.WriteStringValue(host.Model.Tokenizer.TokenText(token));
                json.WriteEndArray();
            }
            json.WriteNumber("count", tokens.Length);
            json.WriteNumber("max_model_len", host.Model.ContextLength);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>The text of ids, under each of the names that other servers have for it.</summary>
    public static async Task DetokenizeAsync(HttpContext context, ModelHost host)
    {
        JsonFields fields = await ReadAsync(context, host).ConfigureAwait(false);
        int[] tokens = TokenFields.OfIds(fields.List("tokens") ?? throw fields.Missing("tokens"), host.Model);
        string text = host.Model.Detokenize(tokens, skipSpecial: fields.Flag("skip_special_tokens") ?? false);
        await Json.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteString("prompt", text);
            json.WriteString("content", text);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>The prompt of a conversation, as the model's template writes it.</summary>
    public static async Task ApplyTemplateAsync(HttpContext context, ModelHost host)
    {
        string prompt = Render(await ReadAsync(context, host).ConfigureAwait(false), host).Text;
        await Json.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", prompt);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static ChatPrompt Render(JsonFields fields, ModelHost host) =>
        ChatMessages.Render(host.Model.Template, MessageFields.Read(fields), TemplateFields.Read(fields, AnswerForm.Read(fields, host.Grammars)));

    private static async Task<JsonFields> ReadAsync(HttpContext context, ModelHost host)
    {
        JsonFields fields = await RequestBody.ReadAsync(context, host.Options.MaxBodyBytes).ConfigureAwait(false);
        host.AdapterOf(fields);
        return fields;
    }
}
