using Cria.Chat;

namespace Cria.Server.Requests;

/// <summary>The fields of a request that say how its prompt is written.</summary>
internal static class TemplateFields
{
    /// <summary>Reads the fields.</summary>
    public static ChatTemplateOptions Read(JsonFields fields, AnswerForm form)
    {
        bool continues = fields.Flag("continue_final_message") ?? false;
        return new ChatTemplateOptions
        {
            AddGenerationPrompt = fields.Flag("add_generation_prompt") ?? !continues,
            ContinueFinalMessage = continues,
            Tools = form.Tools.Count > 0 ? [.. form.Tools.Select(ChatMessages.ToJson)] : null,
            Variables = fields.Object("chat_template_kwargs")?.Json.EnumerateObject().ToDictionary(variable => variable.Name, object? (variable) => variable.Value),
        };
    }
}
