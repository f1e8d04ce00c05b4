using System.Text.Json;

namespace Cria.Chat;

/// <summary>What a chat template is rendered with besides the messages.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>The defaults: a prompt that the assistant answers next.</summary>
    public static ChatTemplateOptions Default { get; } = new();

    /// <summary>Whether the prompt ends where the assistant's answer begins.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Whether the prompt ends within the last message, so that the model goes on with it; excludes <see cref="AddGenerationPrompt"/>.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>The functions the model may call, each as <c>{"type": "function", "function": {"name", "description", "parameters"}}</c>.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>One of the model's further templates by its name; null for the default one, or <c>tool_use</c> where there are tools and the model has such a template.</summary>
    public string? TemplateName { get; init; }

    /// <summary>Further variables, such as <c>date_string</c> or <c>tools_in_user_message</c>: texts, numbers, truth values, lists, dictionaries, <see cref="JsonElement"/>.</summary>
    public IReadOnlyDictionary<string, object?>? Variables { get; init; }

    /// <summary>What a template that asks for today's date is told.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
