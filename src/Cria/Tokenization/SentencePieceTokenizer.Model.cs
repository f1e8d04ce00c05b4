using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Tokenization;

public sealed partial class SentencePieceTokenizer
{
    private const int WireVarint = 0;
    private const int WireFixed64 = 1;
    private const int WireBytes = 2;
    private const int WireFixed32 = 5;

    /// <summary>Reads a <c>tokenizer.model</c> of SentencePiece (a protocol buffer), as Meta's Llama 2 folders hold it.</summary>
    /// <exception cref="CriaException">The file cannot be read, is damaged, or was not trained by byte-pair merging.</exception>
    public static SentencePieceTokenizer FromModel(string path)
    {
        ReadOnlySpan<byte> file = TokenizerFile.Read(path);
        List<string> words = [];
        List<float> scores = [];
        List<TokenKind> kinds = [];
        // SentencePiece's own defaults, for settings the file leaves out.
        long modelType = 1, unknown = 0, bos = 1, eos = 2, addsPrefix = 1, trimsSpaces = 1;
        ReadOnlySpan<byte> rest = file;
        while (NextField(path, ref rest, out int field, out _, out ReadOnlySpan<byte> content))
        {
            switch (field)
            {
                case 1:
                    string word = "";
                    float score = 0;
                    long kind = 1;
                    while (NextField(path, ref content, out int inner, out ulong number, out ReadOnlySpan<byte> bytes))
                    {
                        switch (inner)
                        {
                            case 1: word = Encoding.UTF8.GetString(bytes); break;
                            case 2: score = BitConverter.UInt32BitsToSingle((uint)number); break;
                            case 3: kind = (long)number; break;
                        }
                    }
                    if (kind is < 1 or > 6)
                        throw Damaged(path, string.Create(CultureInfo.InvariantCulture, $"piece {words.Count} is of kind {kind}, which means nothing"));
                    words.Add(word);
                    scores.Add(score);
                    kinds.Add((TokenKind)kind);
                    break;
                case 2:
                    while (NextField(path, ref content, out int inner, out ulong number, out _))
                    {
                        switch (inner)
                        {
                            case 3: modelType = (long)number; break;
                            case 40: unknown = (int)number; break;
                            case 41: bos = (int)number; break;
                            case 42: eos = (int)number; break;
                        }
                    }
                    break;
                case 3:
                    while (NextField(path, ref content, out int inner, out ulong number, out _))
                    {
                        switch (inner)
                        {
                            case 3: addsPrefix = (long)number; break;
                            case 4: trimsSpaces = (long)number; break;
                        }
                    }
                    break;
            }
        }
        if (words.Count == 0)
            throw Damaged(path, "it holds no pieces");
        if (modelType != 2 || trimsSpaces != 0)
            throw new CriaException($"{path}: this SentencePiece model was not trained by byte-pair merging on unchanged text, as Llama's was; use a Llama model");
        if (unknown >= 0 && unknown < kinds.Count)
            kinds[(int)unknown] = TokenKind.Unknown;
        TokenizerConfig config = new() { Source = path, Bos = bos < 0 ? null : (int)bos, Eos = eos < 0 ? null : (int)eos };
        return FromPieces(config, [.. words], [.. scores], [.. kinds], addsPrefix != 0);
    }

    /// <summary>Reads the next field of a protocol buffer: a number, or the bytes of a nested one; false at the end.</summary>
    private static bool NextField(string path, ref ReadOnlySpan<byte> message, out int field, out ulong number, out ReadOnlySpan<byte> bytes)
    {
        field = 0;
        number = 0;
        bytes = default;
        if (message.IsEmpty)
            return false;
        ulong tag = Varint(path, ref message);
        field = (int)Math.Min(tag >> 3, int.MaxValue);
        switch ((int)(tag & 7))
        {
            case WireVarint:
                number = Varint(path, ref message);
                return true;
            case WireFixed32 when message.Length >= 4:
                number = BinaryPrimitives.ReadUInt32LittleEndian(message);
                message = message[4..];
                return true;
            case WireFixed64 when message.Length >= 8:
                number = BinaryPrimitives.ReadUInt64LittleEndian(message);
                message = message[8..];
                return true;
            case WireBytes:
                ulong length = Varint(path, ref message);
                if (length > (ulong)message.Length)
                    break;
                bytes = message[..(int)length];
                message = message[(int)length..];
                return true;
        }
        throw Damaged(path, "a field reaches beyond its end");
    }

    private static ulong Varint(string path, ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (int i = 0; i < 10 && i < message.Length; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return value;
            }
        }
        throw Damaged(path, "a number has no end");
    }

    private static CriaException Damaged(string path, string what) => new($"{path}: not a SentencePiece model ({what}); fetch the file again");
}
