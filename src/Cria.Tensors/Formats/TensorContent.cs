namespace Cria.Tensors.Formats;

/// <summary>A tensor to be written to a file: what it is, and how its bytes come when their turn is there.</summary>
/// <param name="Info">Name, type and shape; <see cref="TensorInfo.ByteCount"/> bytes must come.</param>
/// <param name="Write">Writes the bytes to the stream it is given, which is at their place in the file.</param>
public sealed record TensorContent(TensorInfo Info, Action<Stream> Write)
{
    // Pieces keep a mapped file's pages from being counted twice, once mapped and once in a huge write.
    private const int PieceBytes = 16 << 20;

    /// <summary>The bytes of a tensor that lies in another file.</summary>
    public static TensorContent From(ITensorSource source, TensorInfo info) => new(info, stream => Copy(source.View(info), stream));

    private static unsafe void Copy(TensorView view, Stream stream)
    {
        for (long done = 0; done < view.ByteCount;)
        {
            int piece = (int)Math.Min(PieceBytes, view.ByteCount - done);
            stream.Write(new ReadOnlySpan<byte>(view.Data + done, piece));
            done += piece;
        }
    }
}
