using Cria.Tensors;

namespace Cria.Cli;

/// <summary>Turns what went wrong into one line on standard error and an exit code. <c>CRIA_DEBUG=1</c> adds the trace.</summary>
internal static class Failure
{
    /// <summary>Reports the exception and returns the exit code.</summary>
    public static int Report(Exception thrown, Terminal terminal, CancellationToken interrupted)
    {
        Exception cause = Cause(thrown);
        bool debug = Environment.GetEnvironmentVariable("CRIA_DEBUG") == "1";
        if (cause is OperationCanceledException && interrupted.IsCancellationRequested) return ExitCode.Interrupted;
        // The reader of standard output has gone (a closed pipe): it knows, and nobody else asked.
        if (cause is IOException && IsBrokenPipe(cause)) return ExitCode.Failed;
        Print(terminal, Message(cause, debug));
        if (debug) terminal.Error.WriteLine(thrown);
        return ExitCode.Failed;
    }

    /// <summary>Prints <c>cria: message</c>.</summary>
    public static void Print(Terminal terminal, string message) => terminal.Error.WriteLine($"{terminal.OnError("cria:", Ink.Alarm)} {message}");

    private static string Message(Exception cause, bool debug) => cause switch
    {
        CriaException => OneLine(cause.Message),
        OutOfMemoryException => "there is not enough memory; choose a smaller model or a smaller context (-c)",
        IOException or UnauthorizedAccessException => OneLine(cause.Message),
        _ => $"unexpected {cause.GetType().Name}: {OneLine(cause.Message)}{(debug ? "" : " (this is a defect; CRIA_DEBUG=1 shows where)")}",
    };

    /// <summary>What really happened, behind the wrappers of tasks, workers and static constructors.</summary>
    private static Exception Cause(Exception thrown)
    {
        for (Exception? e = thrown; e is not null; e = e.InnerException)
        {
            if (e is CriaException or OutOfMemoryException) return e;
        }
        while (thrown is AggregateException or TypeInitializationException && thrown.InnerException is { } inner) thrown = inner;
        return thrown;
    }

    private static bool IsBrokenPipe(Exception failure) => failure.Message.Contains("Broken pipe", StringComparison.Ordinal);

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
