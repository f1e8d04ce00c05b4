namespace Cria.Chat.Templates;

/// <summary>The variables of a template, a loop's turn or a macro's call; lookups go outwards, assignments stay here.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, object?>? values;

    /// <summary>Sets a variable in this scope.</summary>
    public void Set(string name, object? value) => (values ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>Finds a variable here or further out.</summary>
    public bool TryGet(string name, out object? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.values is not null && scope.values.TryGetValue(name, out value)) return true;
        }

        value = null;
        return false;
    }

    private Scope? Parent { get; } = parent;
}
