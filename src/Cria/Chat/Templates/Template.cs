namespace Cria.Chat.Templates;

/// <summary>
/// A chat template: the part of Jinja that model files use, read once and rendered any number of times, from any number of threads.
/// It keeps apart what the template writes and what the conversation brings.
/// </summary>
internal sealed class Template
{
    private readonly Block body;

    private Template(string source, Block body)
    {
        Source = source;
        this.body = body;
    }

    /// <summary>The template as written.</summary>
    public string Source { get; }

    /// <summary>Reads a template; a fault is a <see cref="TemplateException"/> that names its line.</summary>
    public static Template Parse(string source) => new(source, Parser.Parse(source));

    /// <summary>Renders with the given variables, whose texts are <see cref="TracedText"/>.</summary>
    /// <param name="variables">Values as <see cref="TemplateInput"/> makes them.</param>
    /// <param name="clock">What <c>strftime_now</c> reads.</param>
    public (TracedText Text, IReadOnlyList<Range> GenerationRanges) Render(TemplateInput variables, TimeProvider clock)
    {
        var context = new RenderContext(clock);
        context.Budget.GrantFor(variables.ValueCount, variables.CharacterCount);
        var scope = new Scope(null);
        foreach ((string name, object? value) in variables.Values) scope.Set(name, value);
        TracedTextBuilder output = context.NewText();
        context.Output = output;
        body.Execute(context, scope, output);
        return (output.ToText(), context.GenerationRanges);
    }
}
