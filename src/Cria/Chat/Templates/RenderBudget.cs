using System.Runtime.CompilerServices;

namespace Cria.Chat.Templates;

/// <summary>
/// What one rendering may use. A model file brings its own template, so a template must be able neither to hang the program nor to fill memory.
/// </summary>
internal sealed class RenderBudget
{
    /// <summary>How deep values and calls may nest.</summary>
    public const int MaximumDepth = 200;

    private const long BaseSteps = 10_000_000;
    private const long BaseCharacters = 64L << 20;
    private long steps = BaseSteps;
    private long characters = BaseCharacters;
    private int depth;

    /// <summary>The template's line being rendered, 1-based.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Grants room in proportion to the conversation.</summary>
    public void GrantFor(long inputValues, long inputCharacters)
    {
        steps += 1000 * inputValues;
        characters += 64 * inputCharacters;
    }

    /// <summary>Pays for work.</summary>
    public void Spend(long count)
    {
        steps -= count;
        if (steps < 0) throw Fail("the template does too much work; it may loop without end, use another template");
    }

    /// <summary>Pays for characters written.</summary>
    public void SpendCharacters(long count)
    {
        CheckCharacters(count);
        characters -= count;
    }

    /// <summary>Fails when so many characters cannot be paid for, before any is written.</summary>
    public void CheckCharacters(Int128 count)
    {
        if (count > characters) throw Fail("the template writes too much text; use another template");
    }

    /// <summary>Pays for the elements of a new list or map.</summary>
    public void SpendElements(long count) => Spend(4 * count);

    /// <summary>Enters a nested value or call; leave it again with <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++depth > MaximumDepth) throw Fail("the template nests too deeply; use another template");
        CheckStack();
    }

    /// <summary>Leaves a nested value or call.</summary>
    public void Leave() => depth--;

    /// <summary>Fails before the thread's stack is used up.</summary>
    public void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Fail("the template nests too deeply; use another template");
    }

    /// <summary>A failure at the current line.</summary>
    public TemplateException Fail(string problem) => new(Line, problem);
}
