namespace Cria.Chat.Templates;

/// <summary>A function, method or macro that a template can call.</summary>
internal sealed class Callable(string name, Func<RenderContext, Arguments, object?> body)
{
    /// <summary>The name it was found under.</summary>
    public string Name { get; } = name;

    /// <summary>Attributes that can be read from it, for macros.</summary>
    public IReadOnlyDictionary<string, object?>? Attributes { get; init; }

    /// <summary>Calls it.</summary>
    public object? Invoke(RenderContext context, Arguments arguments)
    {
        context.Budget.Enter();
        try
        {
            return body(context, arguments);
        }
        finally
        {
            context.Budget.Leave();
        }
    }
}
