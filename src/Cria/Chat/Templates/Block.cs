namespace Cria.Chat.Templates;

/// <summary>Statements in order.</summary>
internal sealed class Block(List<Statement> statements)
{
    /// <summary>Renders the statements until one leaves the loop's turn.</summary>
    public Flow Execute(RenderContext context, Scope scope, TracedTextBuilder output)
    {
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Execute(context, scope, output);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    /// <summary>Renders the statements into a text of their own.</summary>
    public TracedText Capture(RenderContext context, Scope scope)
    {
        TracedTextBuilder output = context.NewText();
        Execute(context, scope, output);
        return output.ToText();
    }
}
