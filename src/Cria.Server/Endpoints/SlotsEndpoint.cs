using System.Diagnostics;
using System.Text.Json;
using Cria.Chat;
using Cria.Server.Answers;
using Cria.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary>
/// <c>POST /slots/{id}?action=save</c> and <c>restore</c>: a prompt's keys and values to a file of the server's folder and back. There are no slots here, pages are shared by all;
/// any id will do. What is saved is the request's <c>prompt</c> or <c>messages</c>, else the prompt answered last.
/// </summary>
internal static class SlotsEndpoint
{
    private const int LongestName = 200;

    /// <summary>Saves or restores.</summary>
    public static async Task ServeAsync(HttpContext context, ModelHost host)
    {
        JsonFields fields = await RequestBody.ReadAsync(context, host.Options.MaxBodyBytes).ConfigureAwait(false);
        if (host.AdapterOf(fields) is not null) throw ApiException.Field("model", "is an adapter, but only prompts of the model itself can be saved");
        string name = fields.RequiredText("filename");
        bool saves = (string?)context.Request.Query["action"] switch
        {
            "save" => true,
            "restore" => false,
            { } other => throw ApiException.Field("action", $"is '{other}', but can be save or restore"),
            null => throw ApiException.Field("action", "is missing: save or restore"),
        };
        string path = PathOf(host.Options.PromptFolder ?? throw new ApiException(501, "this server keeps no prompts; start it with --slot-save-path FOLDER"), name);
        if (!saves && !File.Exists(path)) throw new ApiException(404, $"there is no saved prompt '{name}' here", "filename");
        long started = Stopwatch.GetTimestamp();
        SavedPrompt prompt = saves
            ? await host.Model.SavePromptAsync(Prompt(fields, host), path, name, context.RequestAborted).ConfigureAwait(false)
            : await host.Model.LoadPromptAsync(path).ConfigureAwait(false);
        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await Json.SendAsync(context, json => Write(json, context, prompt, name, saves, milliseconds)).ConfigureAwait(false);
    }

    private static int[] Prompt(JsonFields fields, ModelHost host)
    {
        if (fields.Raw("messages") is not null)
            return ChatMessages.Render(host.Model.Template, MessageFields.Read(fields), TemplateFields.Read(fields, AnswerForm.Read(fields, host.Grammars))).Encode(host.Model.Tokenizer);
        if (fields.Raw("prompt") is not null) return TokenFields.Read(fields, "prompt", host.Model, 1)[0].Tokens;
        return host.LastPrompt ?? throw ApiException.Field("prompt", "is missing, and nothing was answered yet");
    }

    private static void Write(Utf8JsonWriter json, HttpContext context, SavedPrompt prompt, string name, bool saved, double milliseconds)
    {
        json.WriteStartObject();
        json.WriteNumber("id_slot", int.TryParse(context.Request.RouteValues["id"] as string, out int id) ? id : 0);
        json.WriteString("filename", name);
        json.WriteNumber(saved ? "n_saved" : "n_restored", prompt.Tokens.Count);
        json.WriteNumber(saved ? "n_written" : "n_read", prompt.ByteCount);
        json.WriteStartObject("timings");
        json.WriteNumber(saved ? "save_ms" : "restore_ms", Math.Round(milliseconds, 3));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A name inside the folder, and nowhere else.</summary>
    private static string PathOf(string folder, string name)
    {
        bool isPlain = name.Length is > 0 and <= LongestName && name[0] != '.' && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');
        return isPlain ? Path.Combine(folder, name) : throw ApiException.Field("filename", $"must be a name of letters, digits, '.', '-' and '_', of {LongestName} at most, that does not begin with a dot");
    }
}
