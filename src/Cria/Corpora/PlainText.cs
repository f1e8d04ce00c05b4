using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Cria.Tensors;

namespace Cria.Corpora;

/// <summary>Reads a plain file as one text in pieces of about a megabyte.</summary>
internal static class PlainText
{
    private const int PieceBytes = 1 << 20;

    /// <summary>The pieces; none where the file is empty.</summary>
    /// <exception cref="CriaException">The file cannot be read or is not UTF-8.</exception>
    public static IEnumerable<Document> Read(CorpusStream stream)
    {
        bool isFirst = true;
        long line = 1;
        while (true)
        {
            bool more = true;
            while (stream.Unread.Length < PieceBytes && more) more = stream.Fill();
            int cut = 0;
            while (more && (cut = LastCut(stream.Unread)) == 0) more = stream.Fill();
            if (!more) cut = stream.Unread.Length;
            if (cut == 0) yield break;
            ReadOnlySpan<byte> piece = stream.Unread[..cut];
            if (!Utf8.IsValid(piece)) throw NotUtf8(stream.Path, line, piece);
            string place = string.Create(CultureInfo.InvariantCulture, $"{stream.Path}:{line}");
            string text = Encoding.UTF8.GetString(piece);
            line += piece.Count((byte)'\n');
            stream.Skip(cut);
            yield return new TextDocument(place, text, isFirst, IsLast: !more);
            isFirst = false;
            if (!more) yield break;
        }
    }

    /// <summary>
    /// The last offset behind a line's end and before what is no white space; 0 when there is none. No word of Llama 3's pattern reaches across such a place,
    /// so the pieces encode to the tokens of the whole.
    /// </summary>
    internal static int LastCut(ReadOnlySpan<byte> text)
    {
        for (int at = text.Length - 1; at > 0; at--)
        {
            at = text[..at].LastIndexOf((byte)'\n') + 1;
            if (at > 0 && Rune.DecodeFromUtf8(text[at..], out Rune next, out _) == OperationStatus.Done && !Rune.IsWhiteSpace(next)) return at;
        }
        return 0;
    }

    private static CriaException NotUtf8(string path, long line, ReadOnlySpan<byte> piece)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(piece[at..], out _, out int length) == OperationStatus.Done) at += length;
        return new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}:{line + piece[..at].Count((byte)'\n')}: not UTF-8; convert the text first, for example with iconv -t UTF-8"));
    }
}
