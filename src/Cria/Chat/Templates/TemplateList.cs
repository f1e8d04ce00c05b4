namespace Cria.Chat.Templates;

/// <summary>A list or, when <see cref="IsTuple"/>, a tuple. Templates cannot change it.</summary>
internal sealed class TemplateList(object?[] items, bool isTuple = false)
{
    /// <summary>The elements.</summary>
    public object?[] Items { get; } = items;

    /// <summary>Whether it prints with round brackets and never equals a list.</summary>
    public bool IsTuple { get; } = isTuple;

    /// <summary>Number of elements.</summary>
    public int Count => Items.Length;
}
