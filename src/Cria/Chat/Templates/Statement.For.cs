namespace Cria.Chat.Templates;

internal abstract partial class Statement
{
    /// <summary><c>{% for %}</c></summary>
    public sealed class For(int line, Target target, Expression items, Expression? condition, bool isRecursive, Block body, Block? otherwise) : Statement(line)
    {
        /// <inheritdoc/>
        protected override Flow Render(RenderContext context, Scope scope, TracedTextBuilder output)
        {
            RenderLoop(context, scope, output, items.Evaluate(context, scope), depth: 0);
            return Flow.Next;
        }

        private void RenderLoop(RenderContext context, Scope scope, TracedTextBuilder output, object? value, int depth)
        {
            object?[] turns = Select(context, scope, value);
            if (turns.Length == 0)
            {
                otherwise?.Execute(context, new Scope(scope), output);
                return;
            }

            var loop = new LoopState(turns, depth, isRecursive ? children => Recurse(context, scope, children, depth + 1) : null);
            for (int i = 0; i < turns.Length; i++)
            {
                context.Budget.Spend(1);
                loop.Index = i;
                var inner = new Scope(scope);
                inner.Set("loop", loop);
                target.Assign(context, inner, turns[i]);
                if (body.Execute(context, inner, output) == Flow.Break) break;
            }
        }

        private TracedText Recurse(RenderContext context, Scope scope, object? children, int depth)
        {
            TracedTextBuilder output = context.NewText();
            RenderLoop(context, scope, output, children, depth);
            return output.ToText();
        }

        private object?[] Select(RenderContext context, Scope scope, object? value)
        {
            IEnumerable<object?> all = Operators.Iterate(context, value);
            if (condition is null) return value is TemplateList list ? list.Items : context.List(all).Items;
            var kept = new List<object?>();
            foreach (object? item in all)
            {
                var inner = new Scope(scope);
                target.Assign(context, inner, item);
                if (!Operators.IsTrue(condition.Evaluate(context, inner))) continue;
                context.Budget.SpendElements(1);
                kept.Add(item);
            }

            return [.. kept];
        }
    }
}
