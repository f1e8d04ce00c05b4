namespace Cria.Chat.Templates;

/// <summary>One tag or piece of text of a template.</summary>
internal abstract partial class Statement(int line)
{
    /// <summary>Renders the statement.</summary>
    public Flow Execute(RenderContext context, Scope scope, TracedTextBuilder output)
    {
        context.Budget.Line = line;
        context.Budget.Spend(1);
        context.Budget.CheckStack();
        return Render(context, scope, output);
    }

    /// <summary>What the statement does.</summary>
    protected abstract Flow Render(RenderContext context, Scope scope, TracedTextBuilder output);

    /// <summary>Text outside tags.</summary>
    public sealed class Data(int line, TracedText text) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            output.Append(text);
            return Flow.Next;
        }
    }

    /// <summary><c>{{ value }}</c></summary>
    public sealed class Output(int line, Expression value) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            ValueText.Append(context, output, value.Evaluate(context, scope));
            return Flow.Next;
        }
    }

    /// <summary><c>{% if %}</c></summary>
    public sealed class If(int line, List<(Expression Condition, Block Body)> branches, Block? otherwise) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            foreach ((Expression condition, Block body) in branches)
            {
                if (Operators.IsTrue(condition.Evaluate(context, scope))) return body.Execute(context, scope, output);
            }

            return otherwise?.Execute(context, scope, output) ?? Flow.Next;
        }
    }

    /// <summary><c>{% break %}</c> or <c>{% continue %}</c></summary>
    public sealed class Jump(int line, Flow flow) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output) => flow;
    }

    /// <summary><c>{% set name = value %}</c></summary>
    public sealed class Set(int line, Target target, Expression value) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            target.Assign(context, scope, value.Evaluate(context, scope));
            return Flow.Next;
        }
    }

    /// <summary><c>{% set name %}…{% endset %}</c></summary>
    public sealed class SetBlock(int line, Target target, Block body, Expression filtered) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            TracedText text = body.Capture(context, new Scope(scope));
            target.Assign(context, scope, Expression.Placeholder.Fill(context, scope, text, filtered));
            return Flow.Next;
        }
    }

    /// <summary><c>{% filter name %}…{% endfilter %}</c></summary>
    public sealed class FilterBlock(int line, Block body, Expression filtered) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            TracedText text = body.Capture(context, new Scope(scope));
            ValueText.Append(context, output, Expression.Placeholder.Fill(context, scope, text, filtered));
            return Flow.Next;
        }
    }

    /// <summary><c>{% with a = b %}…{% endwith %}</c></summary>
    public sealed class With(int line, List<(Target Target, Expression Value)> assignments, Block body) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            var inner = new Scope(scope);
            foreach ((Target target, Expression value) in assignments) target.Assign(context, inner, value.Evaluate(context, scope));
            return body.Execute(context, inner, output);
        }
    }

    /// <summary><c>{% generation %}…{% endgeneration %}</c>: what the assistant wrote.</summary>
    public sealed class Generation(int line, Block body) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            int start = output.Length;
            Flow flow = body.Execute(context, new Scope(scope), output);
            if (ReferenceEquals(output, context.Output) && output.Length > start) context.GenerationRanges.Add(start..output.Length);
            return flow;
        }
    }

    /// <summary><c>{% macro name() %}…{% endmacro %}</c></summary>
    public sealed class Macro(int line, string name, MacroBody body) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            scope.Set(name, body.Bind(name, scope));
            return Flow.Next;
        }
    }

    /// <summary><c>{% call name() %}…{% endcall %}</c></summary>
    public sealed class CallBlock(int line, Expression.Call call, MacroBody body) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            ValueText.Append(context, output, call.InvokeWith(context, scope, "caller", body.Bind("caller", scope)));
            return Flow.Next;
        }
    }
}
