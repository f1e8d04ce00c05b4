namespace Cria.Cli;

/// <summary>How a piece of text looks on a terminal.</summary>
internal enum Ink
{
    /// <summary>As the terminal writes.</summary>
    Plain,
    /// <summary>Titles.</summary>
    Strong,
    /// <summary>Side remarks.</summary>
    Faint,
    /// <summary>Names and prompts.</summary>
    Accent,
    /// <summary>Failures.</summary>
    Alarm,
}
