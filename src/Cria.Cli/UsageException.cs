namespace Cria.Cli;

/// <summary>A command line that parses and still makes no sense; its message is one line. The exit code is <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
