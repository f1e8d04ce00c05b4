using System.Text.Json;
using Cria.Server.Answers;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>GET /v1/models</c>, <c>/v1/models/NAME</c> and <c>/props</c>: what is served.</summary>
internal static class ModelsEndpoint
{
    /// <summary>The list of models: the one that is loaded, and its adapters.</summary>
    public static Task ListAsync(HttpContext context, ModelHost host) => Json.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        WriteModel(json, host, null);
        foreach (string adapter in host.Model.AdapterNames) WriteModel(json, host, adapter);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>One model.</summary>
    public static Task OneAsync(HttpContext context, ModelHost host)
    {
        string name = context.Request.RouteValues["name"] as string ?? "";
        string? adapter = host.IsNamed(name) ? null : host.Model.AdapterNames.Contains(name) ? name : throw host.NoSuchModel(name);
        return Json.SendAsync(context, json => WriteModel(json, host, adapter));
    }

    /// <summary>The model's details and what holds where a request says nothing.</summary>
    public static Task PropertiesAsync(HttpContext context, ModelHost host) => Json.SendAsync(context, json =>
    {
        LanguageModel model = host.Model;
        json.WriteStartObject();
        json.WriteString("model", host.Name);
        json.WriteString("model_name", model.Name);
        json.WriteString("model_file", Path.GetFileName(model.Path));
        json.WriteString("version", typeof(ModelsEndpoint).Assembly.GetName().Version?.ToString(3));
        json.WriteNumber("context_length", model.ContextLength);
        json.WriteNumber("layer_count", model.Config.LayerCount);
        json.WriteNumber("hidden_size", model.Config.HiddenSize);
        json.WriteNumber("vocabulary_size", model.Config.VocabularySize);
        json.WriteStartObject("default_generation_settings");
        WriteNumber(json, "temperature", model.Defaults.Temperature);
        WriteNumber(json, "top_p", model.Defaults.TopP);
        WriteNumber(json, "top_k", model.Defaults.TopK);
        WriteNumber(json, "min_p", model.Defaults.MinP);
        WriteNumber(json, "repetition_penalty", model.Defaults.RepetitionPenalty);
        json.WriteEndObject();
        json.WriteString("chat_template", model.Template.Source);
        json.WriteString("bos_token", model.Template.BosToken);
        json.WriteString("eos_token", model.Template.EosToken);
        json.WriteEndObject();
    });

    private static void WriteNumber(Utf8JsonWriter json, string name, float? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    private static void WriteModel(Utf8JsonWriter json, ModelHost host, string? adapter)
    {
        json.WriteStartObject();
        json.WriteString("id", adapter ?? host.Name);
        json.WriteString("object", "model");
        json.WriteNumber("created", host.Since);
        json.WriteString("owned_by", "cria");
        if (adapter is not null) json.WriteString("parent", host.Name);
        json.WriteNumber("max_model_len", host.Model.ContextLength);
        json.WriteEndObject();
    }
}
