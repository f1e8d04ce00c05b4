namespace Cria.Cli.Editing;

/// <summary>How a line ended.</summary>
internal enum LineInputKind
{
    /// <summary>With Enter: there is text.</summary>
    Text,
    /// <summary>With Ctrl-C.</summary>
    Interrupted,
    /// <summary>With Ctrl-D, or the end of the input.</summary>
    End,
}

/// <summary>A line that was read.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Text">What was typed.</param>
internal readonly record struct LineInput(LineInputKind Kind, string Text);
