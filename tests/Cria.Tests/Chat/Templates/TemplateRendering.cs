using System.Text.Json;
using Cria.Chat.Templates;

namespace Cria.Tests.Chat.Templates;

/// <summary>Renders templates for tests.</summary>
internal static class TemplateRendering
{
    /// <summary>The text of a template with untrusted variables.</summary>
    public static string Render(string source, JsonElement variables) => Trace(source, variables).Value;

    /// <summary>The text of a template with untrusted variables given as JSON.</summary>
    public static string Render(string source, string variables = "{}") => Trace(source, variables).Value;

    /// <summary>The traced text of a template with untrusted variables given as JSON.</summary>
    public static TracedText Trace(string source, string variables = "{}")
    {
        using JsonDocument document = JsonDocument.Parse(variables);
        return Trace(source, document.RootElement);
    }

    /// <summary>The traced text of a template with untrusted variables.</summary>
    public static TracedText Trace(string source, JsonElement variables)
    {
        var input = new TemplateInput();
        foreach (JsonProperty variable in variables.EnumerateObject()) input.Set(variable.Name, variable.Value);
        return Template.Parse(source).Render(input, TimeProvider.System).Text;
    }
}
