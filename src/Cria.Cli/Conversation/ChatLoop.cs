using Cria.Chat;
using Cria.Cli.Editing;
using Cria.Generation;
using Cria.Tensors;

namespace Cria.Cli.Conversation;

/// <summary>A conversation between a person, or lines of a pipe, and a model.</summary>
internal sealed class ChatLoop
{
    private const string Prompt = "> ";

    private readonly LanguageModel model;
    private readonly ChatSession session;
    private readonly GenerationOptions options;
    private readonly Terminal terminal;
    private readonly Interruption interruption;
    private readonly bool showStatistics;
    private readonly bool isInteractive;
    private readonly MessageReader reader;
    private readonly ChatTotals totals = new();
    private ulong retries;

    /// <summary>Prepares a conversation with <paramref name="model"/>.</summary>
    public ChatLoop(LanguageModel model, string? system, GenerationOptions options, bool showStatistics, Terminal terminal, Interruption interruption)
    {
        this.model = model;
        this.options = options;
        this.showStatistics = showStatistics;
        this.terminal = terminal;
        this.interruption = interruption;
        session = model.StartChat(system);
        isInteractive = terminal.InputIsTerminal && terminal.OutputIsTerminal;
        var editor = new LineEditor(terminal, new LineHistory(LineHistory.DefaultPath()));
        reader = new MessageReader(isInteractive ? (prompt, token) => editor.ReadAsync(prompt, MessageReader.Continuation, token) : ReadPlainAsync);
    }

    /// <summary>Talks until the input ends or the user leaves. Off a terminal the first failure ends it.</summary>
    public async Task RunAsync()
    {
        Remark($"{model.Name}, context {Quantity.Exact(model.ContextLength)} tokens. /help shows the commands, Ctrl-D leaves.");
        while (true)
        {
            LineInput input = await reader.ReadAsync(Prompt, interruption.Token).ConfigureAwait(false);
            if (input.Kind == LineInputKind.End) return;
            if (input.Kind == LineInputKind.Interrupted)
            {
                if (input.Text.Length == 0) Remark("Ctrl-D or /exit leaves.");
                continue;
            }
            if (string.IsNullOrWhiteSpace(input.Text)) continue;
            try
            {
                if (!input.Text.StartsWith('/')) await AskAsync(input.Text).ConfigureAwait(false);
                else if (!await CommandAsync(input.Text).ConfigureAwait(false)) return;
            }
            catch (CriaException failure) when (isInteractive)
            {
                Failure.Print(terminal, failure.Message);
                terminal.Error.WriteLine();
            }
        }
    }

    private async Task<LineInput> ReadPlainAsync(string prompt, CancellationToken cancellationToken) =>
        await terminal.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line ? new LineInput(LineInputKind.Text, line) : new LineInput(LineInputKind.End, "");

    /// <summary>Asks and prints. Ctrl-C stops the answer; what there is of it stays in the conversation.</summary>
    private async Task AskAsync(string message)
    {
        // A retry with a fixed seed would give the same answer again.
        GenerationOptions asked = options with { Seed = options.Seed + retries };
        using CancellationTokenSource answer = interruption.BeginAnswer();
        try
        {
            await AnswerPrinter.PrintAsync(session.AskAsync(message, asked, answer.Token), terminal, Observe).ConfigureAwait(false);
            if (showStatistics && totals.Last is { } last) terminal.Error.WriteLine(terminal.OnError(AnswerStatistics.Line(last.Usage, last.Reason), Ink.Faint));
            if (isInteractive) terminal.Out.WriteLine();
        }
        catch (OperationCanceledException) when (!interruption.Token.IsCancellationRequested)
        {
            Remark("(stopped)");
        }
        finally
        {
            interruption.EndAnswer();
            await terminal.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }

        void Observe(TextPiece piece)
        {
            if (piece is { Usage: { } usage, FinishReason: { } reason }) totals.Add(usage, reason);
        }
    }

    /// <summary>Runs a command; false when it leaves.</summary>
    private async Task<bool> CommandAsync(string line)
    {
        string[] parts = line.Split((char[]?)null, 2, StringSplitOptions.TrimEntries);
        string argument = parts.Length > 1 ? parts[1] : "";
        switch (parts[0])
        {
            case "/help" or "/?": Help(); break;
            case "/exit" or "/quit": return false;
            case "/system": SetSystem(argument); break;
            case "/reset": Reset(); break;
            case "/retry": await RetryAsync().ConfigureAwait(false); break;
            case "/save":
                Transcript.Save(Named(argument, "/save FILE"), [.. session.Turns]);
                Remark($"Saved {Messages(session.Turns.Count)} to {argument}.");
                break;
            case "/load": Load(Named(argument, "/load FILE")); break;
            case "/stats": Statistics(); break;
            default: throw new CriaException($"there is no command {parts[0]}; /help lists them, and a space in front sends the text as it is");
        }
        return true;
    }

    private void Help()
    {
        (string Command, string Effect)[] rows =
        [
            ("/system TEXT", "say how the model should answer; /system shows it, /system none removes it"),
            ("/reset", "forget the conversation"),
            ("/retry", "ask the last question again"),
            ("/save FILE", "write the conversation to a file"),
            ("/load FILE", "go on with a conversation from a file"),
            ("/stats", "show tokens, speed and memory"),
            ("/exit", "leave; so does Ctrl-D"),
            ("Ctrl-C", "stop the answer, or clear the line"),
            ("\\ at the end", "go on with another line; so does Alt+Enter"),
            ("\"\"\"", "begin, and later end, a text of several lines"),
        ];
        foreach ((string command, string effect) in rows) terminal.Out.WriteLine($"  {terminal.OnOutput(command.PadRight(13), Ink.Accent)} {effect}");
        terminal.Out.WriteLine();
        terminal.Out.Flush();
    }

    private void SetSystem(string text)
    {
        bool hasSystem = session.Turns is [{ Role: "system" }, ..];
        if (text.Length == 0)
        {
            Remark(hasSystem ? $"The system message is: {session.Turns[0].Content}" : "There is no system message.");
            return;
        }
        if (hasSystem) session.Turns.RemoveAt(0);
        if (text != "none") session.Turns.Insert(0, new ChatTurn("system", text));
        Remark(text == "none" ? "There is no system message now." : "The system message is set.");
    }

    private void Reset()
    {
        while (session.Turns.Count > 0 && session.Turns[^1].Role != "system") session.Turns.RemoveAt(session.Turns.Count - 1);
        Remark("The conversation is forgotten.");
    }

    private async Task RetryAsync()
    {
        int question = session.Turns.Count - 1;
        while (question >= 0 && session.Turns[question].Role != "user") question--;
        if (question < 0) throw new CriaException("there is no question to ask again; ask one first");
        string message = session.Turns[question].Content ?? "";
        while (session.Turns.Count > question) session.Turns.RemoveAt(session.Turns.Count - 1);
        retries++;
        await AskAsync(message).ConfigureAwait(false);
    }

    private void Load(string path)
    {
        List<ChatTurn> turns = Transcript.Load(path);
        session.Turns.Clear();
        foreach (ChatTurn turn in turns) session.Turns.Add(turn);
        Remark($"Loaded {Messages(turns.Count)} from {path}.");
    }

    private void Statistics()
    {
        EngineStatistics engine = model.Engine.Statistics;
        int used = session.Turns.Count == 0 ? 0 : model.ToPrompt([.. session.Turns], new ChatTemplateOptions { AddGenerationPrompt = false }).Length;
        Row("conversation", FormattableString.Invariant($"{Messages(session.Turns.Count)}, {used} of {model.ContextLength} tokens"));
        if (totals.Last is { } last)
        {
            Row("last prompt", AnswerStatistics.Prompt(last.Usage));
            Row("last answer", AnswerStatistics.Answer(last.Usage, last.Reason));
        }
        Row("all answers", totals.ToString());
        Row("cache", Quantity.Bytes(engine.CacheBytes));
        terminal.Out.WriteLine();
        terminal.Out.Flush();
        void Row(string name, string value) => terminal.Out.WriteLine($"  {terminal.OnOutput(name.PadRight(13), Ink.Accent)} {value}");
    }

    /// <summary>A side remark, for a person only.</summary>
    private void Remark(string text)
    {
        if (!isInteractive) return;
        terminal.Out.WriteLine(terminal.OnOutput(text, Ink.Faint));
        terminal.Out.WriteLine();
        terminal.Out.Flush();
    }

    private static string Named(string argument, string usage) => argument.Length > 0 ? argument : throw new CriaException($"a file name is missing; write {usage}");

    private static string Messages(int count) => count == 1 ? "1 message" : FormattableString.Invariant($"{count} messages");
}
