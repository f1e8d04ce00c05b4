namespace Cria.Hub;

/// <summary>A file is no longer what it was when its transfer began; what was fetched of it is worthless.</summary>
internal sealed class ContentChangedException(string message) : Exception(message);
