using System.Runtime.InteropServices;
using Cria.Tensors;

namespace Cria.Training.Data.Packing;

/// <summary>Tokenized documents in a file beside the result, so that a corpus need not fit in memory: read once, then drawn in any order. The file goes with it.</summary>
internal sealed class TokenSpool : IDisposable
{
    private readonly FileStream file;
    private readonly List<(long Start, int Source)> documents = [];
    private long length;

    public TokenSpool(string path)
    {
        try
        {
            file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
        }
    }

    /// <summary>Documents so far.</summary>
    public int Count => documents.Count;

    /// <summary>Tokens of a document.</summary>
    public long Length(int document) => (document + 1 < documents.Count ? documents[document + 1].Start : length) - documents[document].Start;

    /// <summary>Its source.</summary>
    public int Source(int document) => documents[document].Source;

    /// <summary>Begins a document.</summary>
    public void Begin(int source) => documents.Add((length, source));

    /// <summary>Adds to the document begun last.</summary>
    public void Write(ReadOnlySpan<int> tokens)
    {
        try
        {
            file.Write(MemoryMarshal.AsBytes(tokens));
            length += tokens.Length;
        }
        catch (IOException failure)
        {
            throw new CriaException($"{file.Name} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
        }
    }

    /// <summary>Reads a stretch of a document.</summary>
    public void Read(int document, long from, Span<int> tokens)
    {
        file.Position = (documents[document].Start + from) * sizeof(int);
        file.ReadExactly(MemoryMarshal.AsBytes(tokens));
    }

    public void Dispose() => file.Dispose();
}
