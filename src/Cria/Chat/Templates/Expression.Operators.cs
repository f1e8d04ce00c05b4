namespace Cria.Chat.Templates;

internal abstract partial class Expression
{
    /// <summary><c>left or right</c>: the first true one, else the last.</summary>
    public sealed class Or(int line, Expression left, Expression right) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? first = left.Evaluate(context, scope);
            return Operators.IsTrue(first) ? first : right.Evaluate(context, scope);
        }
    }

    /// <summary><c>left and right</c>: the first false one, else the last.</summary>
    public sealed class And(int line, Expression left, Expression right) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? first = left.Evaluate(context, scope);
            return Operators.IsTrue(first) ? right.Evaluate(context, scope) : first;
        }
    }

    /// <summary><c>not value</c></summary>
    public sealed class Not(int line, Expression value) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) => !Operators.IsTrue(value.Evaluate(context, scope));
    }

    /// <summary><c>-value</c> or <c>+value</c></summary>
    public sealed class Sign(int line, bool isNegative, Expression value) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) => value.Evaluate(context, scope) switch
        {
            bool flag => (object)((isNegative ? -1L : 1L) * (flag ? 1 : 0)),
            long number => isNegative ? -number : number,
            double number => isNegative ? -number : number,
            Undefined missing => throw context.Fail(missing.Message),
            var other => throw context.Fail($"a {ValueText.TypeName(other)} has no sign"),
        };
    }

    /// <summary><c>first op second op third</c>, true when every link holds.</summary>
    public sealed class Comparison(int line, Expression first, List<(string Operator, Expression Right)> links) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? left = first.Evaluate(context, scope);
            foreach ((string comparison, Expression next) in links)
            {
                object? right = next.Evaluate(context, scope);
                if (!Operators.Compare(context, comparison, left, right)) return false;
                left = right;
            }

            return true;
        }
    }

    /// <summary><c>a ~ b ~ c</c>: the values as one text.</summary>
    public sealed class Concatenation(int line, List<Expression> parts) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            TracedTextBuilder text = context.NewText();
            foreach (Expression part in parts) ValueText.Append(context, text, part.Evaluate(context, scope));
            return text.ToText();
        }
    }

    /// <summary><c>left op right</c> for + - * / // % **</summary>
    public sealed class Arithmetic(int line, string symbol, Expression left, Expression right) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? first = left.Evaluate(context, scope);
            return Operators.Arithmetic(context, symbol, first, right.Evaluate(context, scope));
        }
    }
}
