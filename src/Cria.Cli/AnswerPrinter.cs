namespace Cria.Cli;

/// <summary>Prints an answer as it comes.</summary>
internal static class AnswerPrinter
{
    /// <summary>Prints every piece at once, and a line break at the end, also when the answer is stopped.</summary>
    public static async Task PrintAsync(IAsyncEnumerable<TextPiece> pieces, Terminal terminal, Action<TextPiece>? onPiece = null)
    {
        char last = '\n';
        try
        {
            await foreach (TextPiece piece in pieces.ConfigureAwait(false))
            {
                onPiece?.Invoke(piece);
                if (piece.Text.Length == 0) continue;
                last = piece.Text[^1];
                terminal.WriteForeign(piece.Text);
                await terminal.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            if (last != '\n') terminal.Out.WriteLine();
            await terminal.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
