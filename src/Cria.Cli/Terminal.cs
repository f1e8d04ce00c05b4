using System.Globalization;
using System.Text;
using Cria.Tensors;
using Spectre.Console;

namespace Cria.Cli;

/// <summary>
/// The process's standard streams: UTF-8 both ways, colours only where a person looks on.
/// <c>NO_COLOR</c> and <c>TERM=dumb</c> turn colours off.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private const int WidestText = 110;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly bool colours;
    private readonly Lazy<StreamReader> input;
    // Finding out what a terminal can do takes a tenth of a start, and few commands draw.
    private readonly Lazy<IAnsiConsole> errorConsole;

    private Terminal(StreamWriter silence)
    {
        (Out, Error) = (silence, silence);
        input = new Lazy<StreamReader>(() => new StreamReader(Stream.Null));
        errorConsole = new Lazy<IAnsiConsole>(() => Draw(Error, isTerminal: false));
    }

    private Terminal()
    {
        bool hasInput = StandardInput.IsOpen();
        InputIsTerminal = hasInput && !Console.IsInputRedirected;
        OutputIsTerminal = !Console.IsOutputRedirected;
        ErrorIsTerminal = !Console.IsErrorRedirected;
        colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
        if (OperatingSystem.IsWindows() && (OutputIsTerminal || ErrorIsTerminal)) Console.OutputEncoding = Utf8;
        // Half a surrogate pair must not end the program, so what is written is replaced, not refused.
        var writing = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        Out = new StreamWriter(OutputStream.Open(), writing, 16 << 10);
        Error = new StreamWriter(Console.OpenStandardError(), writing) { AutoFlush = true };
        input = new Lazy<StreamReader>(() => new StreamReader(hasInput ? Console.OpenStandardInput() : Stream.Null, Utf8, detectEncodingFromByteOrderMarks: false));
        errorConsole = new Lazy<IAnsiConsole>(() => Draw(Error, ErrorIsTerminal));
    }

    /// <summary>Standard output; buffered, so flush after what a reader waits for.</summary>
    public StreamWriter Out { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard error for tables and progress bars.</summary>
    public IAnsiConsole ErrorConsole => errorConsole.Value;

    /// <summary>True when a person types the input.</summary>
    public bool InputIsTerminal { get; }

    /// <summary>True when a person reads the output.</summary>
    public bool OutputIsTerminal { get; }

    /// <summary>True when a person reads the error stream.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>Columns to write text in.</summary>
    public int Width => Math.Clamp(OutputIsTerminal && Console.WindowWidth > 0 ? Console.WindowWidth : 100, 40, WidestText);

    /// <summary>The streams of this process.</summary>
    public static Terminal OfThisProcess() => new();

    /// <summary>Streams that nobody reads.</summary>
    public static Terminal OfNobody() => new(StreamWriter.Null);

    /// <summary>The text as standard output should show it.</summary>
    public string OnOutput(string text, Ink ink) => OutputIsTerminal ? Coloured(text, ink) : text;

    /// <summary>Dark text on a colour given as #RRGGBB, where standard output shows colours.</summary>
    public string OnOutput(string text, string background)
    {
        if (!OutputIsTerminal || !colours) return text;
        int rgb = Convert.ToInt32(background[1..], 16);
        return string.Create(CultureInfo.InvariantCulture, $"\e[38;2;22;24;29;48;2;{rgb >> 16};{rgb >> 8 & 255};{rgb & 255}m{text}\e[0m");
    }

    /// <summary>The text as standard error should show it.</summary>
    public string OnError(string text, Ink ink) => ErrorIsTerminal ? Coloured(text, ink) : text;

    /// <summary>Writes text that came from a model or a file. On a terminal, control characters other than line breaks and tabs are left out: they could move the cursor or worse.</summary>
    public void WriteForeign(ReadOnlySpan<char> text)
    {
        if (!OutputIsTerminal)
        {
            Out.Write(text);
            return;
        }
        foreach (char c in text)
        {
            if (!char.IsControl(c) || c is '\n' or '\t') Out.Write(c);
        }
    }

    /// <summary>Everything on standard input. Throws <see cref="CriaException"/> where it is not UTF-8.</summary>
    public string ReadAll()
    {
        try
        {
            return input.Value.ReadToEnd();
        }
        catch (DecoderFallbackException failure)
        {
            throw InputIsNotUtf8(failure);
        }
    }

    /// <summary>The next line of standard input; null at its end. Throws <see cref="CriaException"/> where it is not UTF-8.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await input.Value.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DecoderFallbackException failure)
        {
            throw InputIsNotUtf8(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            // The reader of a pipe has gone; there is nobody left to tell.
        }
    }

    private static CriaException InputIsNotUtf8(DecoderFallbackException failure) =>
        new("standard input is not valid UTF-8; convert the text first, for example with iconv -t UTF-8", failure);

    private string Coloured(string text, Ink ink) => !colours || ink == Ink.Plain || text.Length == 0 ? text : $"\e[{Code(ink)}m{text}\e[0m";

    private static string Code(Ink ink) => ink switch
    {
        Ink.Strong => "1",
        Ink.Faint => "2",
        Ink.Accent => "36",
        Ink.Alarm => "1;31",
        _ => "0",
    };

    private IAnsiConsole Draw(TextWriter writer, bool isTerminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = isTerminal && colours ? AnsiSupport.Yes : AnsiSupport.No,
        ColorSystem = isTerminal && colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    });
}
