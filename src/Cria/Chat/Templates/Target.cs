namespace Cria.Chat.Templates;

/// <summary>What an assignment or a loop assigns to.</summary>
internal abstract class Target
{
    /// <summary>Assigns a value.</summary>
    public abstract void Assign(RenderContext context, Scope scope, object? value);

    /// <summary>A variable of the current scope.</summary>
    public sealed class Variable(string name) : Target
    {
        /// <inheritdoc/>
        public override void Assign(RenderContext context, Scope scope, object? value) => scope.Set(name, value);
    }

    /// <summary>An attribute of a namespace.</summary>
    public sealed class Attribute(int line, string name, string attribute) : Target
    {
        /// <inheritdoc/>
        public override void Assign(RenderContext context, Scope scope, object? value)
        {
            context.Budget.Line = line;
            if (!scope.TryGet(name, out object? owner) || owner is not TemplateNamespace space)
                throw context.Fail($"'{name}' is not a namespace, so '{attribute}' cannot be set on it");
            context.Budget.SpendElements(1);
            space.Attributes[attribute] = value;
        }
    }

    /// <summary>Several targets that take a value apart.</summary>
    public sealed class Tuple(Target[] parts) : Target
    {
        /// <inheritdoc/>
        public override void Assign(RenderContext context, Scope scope, object? value)
        {
            int index = 0;
            foreach (object? item in Operators.Iterate(context, value))
            {
                if (index >= parts.Length) throw context.Fail($"too many values to unpack, expected {parts.Length}");
                parts[index++].Assign(context, scope, item);
            }

            if (index < parts.Length) throw context.Fail($"not enough values to unpack, expected {parts.Length} but got {index}");
        }
    }
}
