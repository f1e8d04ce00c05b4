using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Tokenization;

public sealed partial class BytePairTokenizer
{
    /// <summary>
    /// Reads a <c>tokenizer.model</c> in tiktoken's form, as Meta's Llama 3 folders hold it: one line a token, its bytes in base64 and its rank, which is its id.
    /// Special tokens are not in the file; they follow its last id.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="specials">The special tokens in order of their ids; null for <see cref="Llama3SpecialTokens.Original"/>.</param>
    /// <exception cref="CriaException">The file cannot be read or a line is damaged.</exception>
    public static BytePairTokenizer FromTiktoken(string path, IReadOnlyList<string>? specials = null)
    {
        return FromRanks(path, ReadRanks(path, TokenizerFile.Read(path)), specials ?? Llama3SpecialTokens.Original);
    }

    /// <summary>Writes the text tokens in tiktoken's form, one line each; special tokens are not part of it.</summary>
    /// <exception cref="CriaException">The text tokens are not the first of the vocabulary, or one of them cannot be made from two earlier ones.</exception>
    public void WriteTiktoken(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int count = 0;
        while (count < VocabularySize && Vocabulary.Kind(count) == TokenKind.Normal)
            count++;
        for (int id = count; id < VocabularySize; id++)
        {
            if (Vocabulary.Kind(id) == TokenKind.Normal)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Config.Source}: text token {id} comes after special ones, which tiktoken's form cannot say; write tokenizer.json or GGUF instead"));
        }
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        for (int id = 0; id < count; id++)
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(Vocabulary.Bytes(id))} {id}"));
    }

    /// <summary>Makes a tokenizer from text tokens in order of rank and the special tokens behind them.</summary>
    internal static BytePairTokenizer FromRanks(string source, IReadOnlyList<ReadOnlyMemory<byte>> ranked, IReadOnlyList<string> specials)
    {
        ReadOnlyMemory<byte>[] tokens = [.. ranked, .. specials.Select(name => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(name))];
        TokenKind[] kinds = new TokenKind[tokens.Length];
        Array.Fill(kinds, TokenKind.Normal, 0, ranked.Count);
        Array.Fill(kinds, TokenKind.Control, ranked.Count, specials.Count);
        Vocabulary vocabulary = new(source, tokens, kinds);
        List<MergeTable.Merge> merges = [];
        for (int id = 0; id < ranked.Count; id++)
        {
            ReadOnlySpan<byte> whole = vocabulary.Bytes(id);
            for (int cut = 1; cut < whole.Length; cut++)
            {
                int left = vocabulary.Find(whole[..cut]);
                int right = left < 0 ? -1 : vocabulary.Find(whole[cut..]);
                if (right >= 0)
                    merges.Add(new MergeTable.Merge(left, right, id, id));
            }
        }
        return new BytePairTokenizer(vocabulary, new TokenizerConfig
        {
            Source = source,
            Bos = IdOf("<|begin_of_text|>"),
            Eos = IdOf("<|eot_id|>") ?? IdOf("<|end_of_text|>"),
        }, merges, wholeWords: true);

        int? IdOf(string name)
        {
            for (int i = 0; i < specials.Count; i++)
            {
                if (specials[i] == name)
                    return ranked.Count + i;
            }
            return null;
        }
    }

    private static ReadOnlyMemory<byte>[] ReadRanks(string path, ReadOnlySpan<byte> file)
    {
        ReadOnlyMemory<byte>?[] tokens = new ReadOnlyMemory<byte>?[file.Count((byte)'\n') + 1];
        int count = 0;
        int line = 0;
        while (!file.IsEmpty)
        {
            line++;
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> text = (end < 0 ? file : file[..end]).TrimEnd((byte)'\r');
            file = end < 0 ? default : file[(end + 1)..];
            if (text.IsEmpty)
                continue;
            int space = text.IndexOf((byte)' ');
            byte[] token = new byte[Base64.GetMaxDecodedFromUtf8Length(Math.Max(space, 0))];
            if (space <= 0 || Base64.DecodeFromUtf8(text[..space], token, out _, out int length) != OperationStatus.Done
                || !Utf8Parser.TryParse(text[(space + 1)..], out int rank, out int used) || used != text.Length - space - 1)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: line {line} is not a token in base64 and its rank; the file is damaged or not in tiktoken's form, fetch it again"));
            if ((uint)rank >= (uint)tokens.Length || tokens[rank] is not null)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: line {line} has rank {rank}, which is taken or leaves a gap; the file is damaged, fetch it again"));
            tokens[rank] = token.AsMemory(0, length);
            count++;
        }
        ReadOnlyMemory<byte>[] ranked = new ReadOnlyMemory<byte>[count];
        for (int rank = 0; rank < count; rank++)
            ranked[rank] = tokens[rank] ?? throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: no token has rank {rank}; the file is damaged, fetch it again"));
        return ranked;
    }
}
