namespace Cria.Hub;

/// <summary>How far a pull has come.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="File">With which file.</param>
/// <param name="DoneBytes">Bytes that are here, from earlier runs too.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
/// <param name="FetchedBytes">Bytes that arrived in this run; its growth is the speed.</param>
/// <param name="DoneFiles">Files that are whole.</param>
/// <param name="TotalFiles">All files.</param>
public readonly record struct PullProgress(PullStage Stage, string File, long DoneBytes, long TotalBytes, long FetchedBytes, int DoneFiles, int TotalFiles);
