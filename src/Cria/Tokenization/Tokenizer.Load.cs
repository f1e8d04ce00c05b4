using System.Text;
using Cria.Tensors;

namespace Cria.Tokenization;

public abstract partial class Tokenizer
{
    /// <summary>
    /// Reads the vocabulary of a folder in Hugging Face's form (<c>tokenizer.json</c>) or Meta's (<c>tokenizer.model</c>), or one such file.
    /// A <c>tokenizer.model</c> may be Llama 3's (tiktoken) or Llama 2's (SentencePiece).
    /// </summary>
    /// <exception cref="CriaException">There is no vocabulary, or it is damaged or of a kind that is not Llama's.</exception>
    public static Tokenizer Load(string path)
    {
        if (!Directory.Exists(path))
            return Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase) ? TokenizerJson.Read(path) : FromModelFile(path);
        string json = Path.Combine(path, "tokenizer.json");
        if (File.Exists(json))
            return TokenizerJson.Read(json);
        string model = Path.Combine(path, "tokenizer.model");
        if (File.Exists(model))
            return FromModelFile(model);
        throw new CriaException($"{path}: the folder has neither tokenizer.json nor tokenizer.model; copy the model's tokenizer into it");
    }

    private static Tokenizer FromModelFile(string path)
    {
        byte[] head = new byte[1];
        if (File.Exists(path))
        {
            using FileStream file = File.OpenRead(path);
            file.ReadExactly(head, 0, (int)Math.Min(1, file.Length));
        }
        // A SentencePiece model begins with the tag of its first piece, which is a line end in ASCII; tiktoken's form begins with base64.
        if (head[0] == '\n')
            return SentencePieceTokenizer.FromModel(path);
        return BytePairTokenizer.FromTiktoken(path, IsLlama31(Path.GetDirectoryName(path)) ? Llama3SpecialTokens.Llama31 : Llama3SpecialTokens.Original);
    }

    /// <summary>True when the Meta folder's settings scale the rotary frequencies, which came with Llama 3.1 as its special tokens did.</summary>
    private static bool IsLlama31(string? folder)
    {
        string settings = Path.Combine(folder ?? "", "params.json");
        return File.Exists(settings) && Encoding.UTF8.GetString(TokenizerFile.Read(settings)).Contains("\"use_scaled_rope\"", StringComparison.Ordinal);
    }
}
