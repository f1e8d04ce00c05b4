using System.Text;

namespace Cria.Chat;

/// <summary>
/// Finds the function calls in an answer as it arrives, in the forms Llama 3.1 and later write: JSON with <c>name</c> and <c>parameters</c> (one or several),
/// <c>&lt;|python_tag|&gt;</c> before JSON, a built-in <c>tool.call(…)</c> or code, <c>&lt;function=name&gt;{…}&lt;/function&gt;</c>, and Llama 3.2's <c>[name(key=value)]</c>.
/// Text goes through as soon as it cannot be part of a call; what only looks like a call comes out as text, unchanged.
/// </summary>
public sealed class ToolCallParser
{
    /// <summary>The special token before a call of a built-in tool; <see cref="Push"/> it where the model writes that token.</summary>
    public const string PythonTag = "<|python_tag|>";

    private const string FunctionOpen = "<function=";
    private const string FunctionClose = "</function>";

    private readonly HashSet<string>? known;
    private readonly StringBuilder pending = new();
    private readonly List<AnswerPart> parts = [];
    private BracketScan scan;
    private Mode mode = Mode.Start;
    private bool afterCall;
    private int searchedTo;

    // White space before a mark: text if the mark turns out to be none.
    private string lead = "";

    /// <summary>Begins an answer.</summary>
    /// <param name="knownFunctions">The functions the model was told of, by which a call is told from other JSON; null takes every name.</param>
    public ToolCallParser(IEnumerable<string>? knownFunctions = null) => known = knownFunctions?.ToHashSet(StringComparer.Ordinal);

    private enum Mode
    {
        Start,
        Text,
        Brackets,
        Python,
        Function,
    }

    /// <summary>Takes more of the answer and returns what can be said of it so far.</summary>
    public IReadOnlyList<AnswerPart> Push(ReadOnlySpan<char> text)
    {
        pending.Append(text);
        return Advance(isEnd: false);
    }

    /// <summary>Ends the answer and returns what was held back; the next text begins a new answer.</summary>
    public IReadOnlyList<AnswerPart> Finish()
    {
        IReadOnlyList<AnswerPart> rest = Advance(isEnd: true);
        mode = Mode.Start;
        afterCall = false;
        searchedTo = 0;
        return rest;
    }

    private AnswerPart[] Advance(bool isEnd)
    {
        parts.Clear();
        while (mode switch
        {
            Mode.Start => ReadStart(isEnd),
            Mode.Text => ReadText(isEnd),
            Mode.Brackets => ReadBrackets(isEnd),
            Mode.Python => ReadPython(isEnd),
            _ => ReadFunction(isEnd),
        })
        {
        }

        return [.. parts];
    }

    // Each reader returns whether it got on, so that the next mode can look at what is left.
    private bool ReadStart(bool isEnd)
    {
        int start = 0;
        while (start < pending.Length && (char.IsWhiteSpace(pending[start]) || (afterCall && pending[start] is ',' or ';'))) start++;
        if (start == pending.Length)
        {
            // White space alone decides nothing; after a call it only separates.
            if (isEnd && !afterCall) Emit(pending.Length);
            else if (isEnd) pending.Clear();
            return false;
        }

        if (pending[start] is '{' or '[')
        {
            mode = Mode.Brackets;
            scan = new BracketScan(start);
            return true;
        }

        bool isPython = BeginsWith(PythonTag, start, out bool partialPython), isFunction = BeginsWith(FunctionOpen, start, out bool partialFunction);
        if (isPython || isFunction)
        {
            lead = pending.ToString(0, start);
            pending.Remove(0, isPython ? start + PythonTag.Length : start);
            searchedTo = 0;
            mode = isPython ? Mode.Python : Mode.Function;
            return true;
        }

        if ((partialPython || partialFunction) && !isEnd) return false;
        mode = Mode.Text;
        return true;
    }

    private bool ReadText(bool isEnd)
    {
        for (int i = 0; i < pending.Length; i++)
        {
            if (pending[i] != '<') continue;
            bool isPython = BeginsWith(PythonTag, i, out bool partialPython), isFunction = BeginsWith(FunctionOpen, i, out bool partialFunction);
            if (!isPython && !isFunction && (isEnd || !(partialPython || partialFunction))) continue;
            Emit(i);
            if (!isPython && !isFunction) return false;
            lead = "";
            if (isPython) pending.Remove(0, PythonTag.Length);
            searchedTo = 0;
            mode = isPython ? Mode.Python : Mode.Function;
            return true;
        }

        Emit(pending.Length);
        return false;
    }

    private bool ReadBrackets(bool isEnd)
    {
        bool isClosed = scan.Advance(pending);
        if (!isClosed && !isEnd)
        {
            if (MayBeCall()) return false;
            mode = Mode.Text;
            return true;
        }

        int length = isClosed ? scan.Position : pending.Length;
        ChatToolCall[] calls = ToolCallText.ReadBracketed(pending.ToString(0, length), known);
        if (calls.Length == 0)
        {
            mode = Mode.Text;
            return true;
        }

        pending.Remove(0, length);
        AddCalls(calls);
        return true;
    }

    private bool ReadPython(bool isEnd)
    {
        int next = FindInTail(PythonTag);
        if (next < 0 && !isEnd) return false;
        string text = pending.ToString(0, next < 0 ? pending.Length : next);
        ChatToolCall[] calls = ToolCallText.ReadPython(text, known);
        if (calls.Length == 0 && lead.Length + text.Length > 0) parts.Add(AnswerPart.Of(text.Length > 0 ? lead + PythonTag + text : lead));
        lead = "";
        pending.Remove(0, text.Length);
        AddCalls(calls);
        return next >= 0;
    }

    private bool ReadFunction(bool isEnd)
    {
        int close = FindInTail(FunctionClose);
        if (close < 0 && !isEnd) return false;
        int end = close < 0 ? pending.Length : close;
        int length = close < 0 ? end : close + FunctionClose.Length;
        ChatToolCall? call = ToolCallText.ReadFunction(pending.ToString(FunctionOpen.Length, end - FunctionOpen.Length), known);
        if (call is null)
        {
            // The bracket itself is text, and so is what follows unless another call begins in it.
            pending.Insert(0, lead);
            Emit(lead.Length + 1);
            lead = "";
            mode = Mode.Text;
            return true;
        }

        lead = "";
        pending.Remove(0, length);
        AddCalls([call]);
        return true;
    }

    // Looks only at what was not looked at before, and at what a mark cut in two needs.
    private int FindInTail(string mark)
    {
        int from = Math.Max(0, Math.Min(searchedTo, pending.Length) - mark.Length + 1);
        int at = pending.ToString(from, pending.Length - from).IndexOf(mark, StringComparison.Ordinal);
        searchedTo = at < 0 ? pending.Length : 0;
        return at < 0 ? -1 : from + at;
    }

    private void AddCalls(ChatToolCall[] calls)
    {
        foreach (ChatToolCall call in calls) parts.Add(AnswerPart.Of(call));
        mode = Mode.Start;
        afterCall |= calls.Length > 0;
    }

    // An answer in JSON that is no call must not wait for its end, so its first key or name decides.
    private bool MayBeCall()
    {
        int start = 0;
        while (char.IsWhiteSpace(pending[start]) || pending[start] is ',' or ';') start++;
        bool isList = pending[start] == '[';
        start = SkipSpace(start + 1);
        if (isList && start < pending.Length && pending[start] == '{') start = SkipSpace(start + 1);
        else if (isList) return MayBeName(start);
        if (start == pending.Length) return true;
        if (pending[start] != '"') return false;
        int end = start + 1;
        while (end < pending.Length && pending[end] != '"' && end - start < 16) end++;
        string key = pending.ToString(start + 1, end - start - 1);
        bool isWhole = end < pending.Length && pending[end] == '"';
        return ToolCallText.Keys.Any(candidate => isWhole ? candidate == key : candidate.StartsWith(key, StringComparison.Ordinal));
    }

    private bool MayBeName(int start)
    {
        int end = start;
        while (end < pending.Length && (char.IsAsciiLetterOrDigit(pending[end]) || pending[end] is '_' or '.')) end++;
        string name = pending.ToString(start, end - start);
        if (end == pending.Length) return known is null || known.Any(function => function.StartsWith(name, StringComparison.Ordinal));
        return pending[end] == '(' && name.Length > 0 && (known is null || known.Contains(name));
    }

    private int SkipSpace(int at)
    {
        while (at < pending.Length && char.IsWhiteSpace(pending[at])) at++;
        return at;
    }

    private bool BeginsWith(string mark, int start, out bool isPartial)
    {
        int length = Math.Min(mark.Length, pending.Length - start);
        for (int i = 0; i < length; i++)
        {
            if (pending[start + i] == mark[i]) continue;
            isPartial = false;
            return false;
        }

        isPartial = length < mark.Length;
        return !isPartial;
    }

    private void Emit(int length)
    {
        if (length == 0) return;
        parts.Add(AnswerPart.Of(pending.ToString(0, length)));
        pending.Remove(0, length);
        afterCall = false;
    }
}
