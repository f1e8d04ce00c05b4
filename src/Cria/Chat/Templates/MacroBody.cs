namespace Cria.Chat.Templates;

/// <summary>The parameters and content of a macro or call block.</summary>
internal sealed class MacroBody(Signature signature, Block body, bool takesSurplus, bool takesNamedSurplus, bool takesCaller)
{
    /// <summary>The macro as a value; it sees the variables of the scope it is defined in.</summary>
    public Callable Bind(string name, Scope definition) => new(name, (context, arguments) => Render(context, definition, name, arguments))
    {
        Attributes = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["name"] = TracedText.Trusted(name),
            ["arguments"] = new TemplateList([.. signature.Names.Select(TracedText.Trusted)], isTuple: true),
            ["caller"] = takesCaller,
            ["catch_varargs"] = takesSurplus,
            ["catch_kwargs"] = takesNamedSurplus,
        },
    };

    private TracedText Render(RenderContext context, Scope definition, string name, Arguments arguments)
    {
        var scope = new Scope(definition);
        string[] names = signature.Names;
        var named = new TemplateMap();
        object? caller = null;
        bool hasCaller = false;
        foreach ((string key, object? value) in arguments.Named)
        {
            if (key == "caller" && takesCaller && Array.IndexOf(names, key) < 0)
            {
                caller = value;
                hasCaller = true;
            }
            else
            {
                named.Set(key, value);
            }
        }

        BindParameters(context, scope, name, arguments, named, out int namedUsed);
        if (arguments.Positional.Length > names.Length && !takesSurplus)
            throw context.Fail($"macro '{name}' takes not more than {names.Length} argument(s)");
        if (named.Count > namedUsed && !takesNamedSurplus)
            throw context.Fail($"macro '{name}' takes no keyword argument '{Surplus(named).Entries[0].Key}'");

        if (takesSurplus) scope.Set("varargs", new TemplateList(arguments.Positional[Math.Min(names.Length, arguments.Positional.Length)..], isTuple: true));
        if (takesNamedSurplus) scope.Set("kwargs", Surplus(named));
        if (takesCaller && Array.IndexOf(names, "caller") < 0) scope.Set("caller", hasCaller ? caller : new Undefined("No caller defined"));
        return body.Capture(context, scope);
    }

    private void BindParameters(RenderContext context, Scope scope, string name, Arguments arguments, TemplateMap named, out int namedUsed)
    {
        string[] names = signature.Names;
        int firstDefault = names.Length - signature.Defaults.Length;
        namedUsed = 0;
        for (int i = 0; i < names.Length; i++)
        {
            object? value;
            if (named.TryGet(names[i], out object? given))
            {
                if (i < arguments.Positional.Length) throw context.Fail($"macro '{name}' got multiple values for argument '{names[i]}'");
                namedUsed++;
                value = given;
            }
            else if (i < arguments.Positional.Length)
            {
                value = arguments.Positional[i];
            }
            else
            {
                value = i >= firstDefault ? signature.Defaults[i - firstDefault].Evaluate(context, scope) : new Undefined($"parameter '{names[i]}' was not provided");
            }

            scope.Set(names[i], value);
        }
    }

    private TemplateMap Surplus(TemplateMap named)
    {
        var surplus = new TemplateMap();
        foreach ((object? key, object? value) in named.Entries)
        {
            if (Array.IndexOf(signature.Names, ((TracedText)key!).Value) < 0) surplus.TrySet(key, value);
        }

        return surplus;
    }
}
