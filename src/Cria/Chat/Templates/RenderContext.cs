namespace Cria.Chat.Templates;

/// <summary>What one rendering shares: its budget, its clock and the ranges the template marks as the assistant's.</summary>
internal sealed class RenderContext(TimeProvider clock)
{
    /// <summary>What this rendering may still use.</summary>
    public RenderBudget Budget { get; } = new();

    /// <summary>The clock behind <c>strftime_now</c>.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>The rendering's own output, as opposed to a macro's or a block assignment's.</summary>
    public TracedTextBuilder? Output { get; set; }

    /// <summary>Ranges of the output inside <c>{% generation %}</c>.</summary>
    public List<Range> GenerationRanges { get; } = [];

    /// <summary>A new text under this rendering's budget.</summary>
    public TracedTextBuilder NewText() => new(Budget);

    /// <summary>A failure at the line being rendered.</summary>
    public TemplateException Fail(string problem) => Budget.Fail(problem);

    /// <summary>A list whose elements are paid for.</summary>
    public TemplateList List(IEnumerable<object?> items, bool isTuple = false)
    {
        var kept = new List<object?>();
        foreach (object? item in items)
        {
            Budget.SpendElements(1);
            kept.Add(item);
        }

        return new([.. kept], isTuple);
    }
}
