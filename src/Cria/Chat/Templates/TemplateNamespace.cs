namespace Cria.Chat.Templates;

/// <summary>The one kind of value whose attributes a template may set; it outlives the loop it is set in.</summary>
internal sealed class TemplateNamespace
{
    /// <summary>The attributes by name.</summary>
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}
