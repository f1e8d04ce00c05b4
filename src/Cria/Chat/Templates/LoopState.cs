namespace Cria.Chat.Templates;

/// <summary>The <c>loop</c> variable: where a loop stands.</summary>
internal sealed class LoopState(object?[] items, int depth, Func<object?, TracedText>? recurse)
{
    private object? lastChanged;

    /// <summary>The current turn, 0-based.</summary>
    public int Index { get; set; }

    /// <summary>Renders a recursive loop's body over other items; null when the loop is not recursive.</summary>
    public Func<object?, TracedText>? Recurse => recurse;

    /// <summary>An attribute by its name; <see cref="Undefined"/> where there is none.</summary>
    public object? Get(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)items.Length - Index,
        "revindex0" => (long)items.Length - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Length - 1,
        "length" => (long)items.Length,
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index < items.Length - 1 ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new Callable("loop.cycle", (context, arguments) => arguments.Positional.Length > 0
            ? arguments.Positional[Index % arguments.Positional.Length] : throw context.Fail("loop.cycle needs at least one value")),
        "changed" => new Callable("loop.changed", (context, arguments) => Changed(context, arguments)),
        _ => new Undefined($"'loop' has no attribute '{name}'"),
    };

    private bool Changed(RenderContext context, Arguments arguments)
    {
        var values = new TemplateList(arguments.Positional, isTuple: true);
        if (lastChanged is not null && Operators.AreEqual(context, lastChanged, values)) return false;
        lastChanged = values;
        return true;
    }
}
