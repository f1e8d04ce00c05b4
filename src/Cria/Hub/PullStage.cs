namespace Cria.Hub;

/// <summary>What a pull is doing.</summary>
public enum PullStage
{
    /// <summary>Bytes arrive.</summary>
    Fetching,

    /// <summary>Another process fetches the file; this one waits and shares it.</summary>
    Waiting,

    /// <summary>All bytes of the file are here and their hash is being taken.</summary>
    Checking,

    /// <summary>A file is whole and has its name.</summary>
    FileDone,
}
