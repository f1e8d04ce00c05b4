namespace Cria.Chat.Templates;

/// <summary>A name or element that is not there. Printing it gives nothing; using it fails with its message.</summary>
internal sealed class Undefined(string message)
{
    /// <summary>What is missing.</summary>
    public string Message { get; } = message;
}
