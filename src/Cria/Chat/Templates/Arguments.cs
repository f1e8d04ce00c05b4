namespace Cria.Chat.Templates;

/// <summary>The arguments of one call: by position, then by name.</summary>
internal sealed class Arguments(object?[] positional, KeyValuePair<string, object?>[] named)
{
    /// <summary>No arguments.</summary>
    public static readonly Arguments None = new([], []);

    private static readonly object Missing = new();

    /// <summary>Arguments by position.</summary>
    public object?[] Positional { get; } = positional;

    /// <summary>Arguments by name.</summary>
    public KeyValuePair<string, object?>[] Named { get; } = named;

    /// <summary>An argument after <see cref="Bind"/>; null where none was given.</summary>
    public object? this[int index] => Has(index) ? Positional[index] : null;

    /// <summary>Puts every argument at the position of its parameter; too many or unknown ones fail.</summary>
    public Arguments Bind(RenderContext context, string callee, string[] parameters)
    {
        if (Positional.Length > parameters.Length)
            throw context.Fail($"{callee} takes at most {parameters.Length} arguments but was given {Positional.Length}");
        if (Named.Length == 0) return this;

        object?[] bound = new object?[parameters.Length];
        Array.Fill(bound, Missing);
        Positional.CopyTo(bound, 0);
        foreach ((string name, object? value) in Named)
        {
            int index = Array.IndexOf(parameters, name);
            if (index < 0) throw context.Fail($"{callee} has no argument '{name}'");
            if (!ReferenceEquals(bound[index], Missing)) throw context.Fail($"{callee} was given '{name}' twice");
            bound[index] = value;
        }

        return new(bound, []);
    }

    /// <summary>The arguments after the first few, names kept.</summary>
    public Arguments Skip(int count) => new(Positional[Math.Min(count, Positional.Length)..], Named);

    /// <summary>Whether an argument was given.</summary>
    public bool Has(int index) => index < Positional.Length && !ReferenceEquals(Positional[index], Missing);

    /// <summary>An argument that must be given.</summary>
    public object? Required(RenderContext context, int index, string name) =>
        Has(index) ? Positional[index] : throw context.Fail($"argument '{name}' is missing");

    /// <summary>A text argument.</summary>
    public TracedText Text(RenderContext context, int index, string fallback) => !Has(index) ? TracedText.Trusted(fallback)
        : Positional[index] as TracedText ?? throw context.Fail($"argument {index + 1} should be a string, not {ValueText.TypeName(Positional[index])}");

    /// <summary>A text argument that may be none or absent.</summary>
    public TracedText? OptionalText(RenderContext context, int index) => !Has(index) || Positional[index] is null ? null : Text(context, index, "");

    /// <summary>An integer argument.</summary>
    public long Integer(RenderContext context, int index, long fallback) => !Has(index) ? fallback : Positional[index] switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        object other => throw context.Fail($"argument {index + 1} should be an integer, not {ValueText.TypeName(other)}"),
        null => throw context.Fail($"argument {index + 1} should be an integer, not None"),
    };

    /// <summary>An integer argument that may be none or absent.</summary>
    public long? OptionalInteger(RenderContext context, int index) => !Has(index) || Positional[index] is null ? null : Integer(context, index, 0);

    /// <summary>A truth value.</summary>
    public bool Flag(int index, bool fallback) => Has(index) ? Operators.IsTrue(Positional[index]) : fallback;
}
