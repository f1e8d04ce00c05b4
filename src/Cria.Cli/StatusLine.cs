namespace Cria.Cli;

/// <summary>One line on standard error that says what is going on, where a person looks on; it leaves nothing behind.</summary>
internal sealed class StatusLine(Terminal terminal) : IDisposable
{
    private bool isShown;

    /// <summary>Replaces the line.</summary>
    public void Show(string text)
    {
        if (!terminal.ErrorIsTerminal) return;
        isShown = true;
        terminal.Error.Write($"\r\e[K{terminal.OnError(text, Ink.Faint)}");
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (isShown) terminal.Error.Write("\r\e[K");
        isShown = false;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();
}
