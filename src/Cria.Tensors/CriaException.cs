namespace Cria.Tensors;

/// <summary>
/// A failure the user can act on: its message is one line that says what is wrong, where, and what to do.
/// Programs print <see cref="Exception.Message"/> and nothing else.
/// </summary>
public class CriaException : Exception
{
    /// <summary>Creates the failure with its one-line message.</summary>
    public CriaException(string message) : base(message) { }

    /// <summary>Creates the failure with its one-line message and what caused it.</summary>
    public CriaException(string message, Exception? inner) : base(message, inner) { }
}
