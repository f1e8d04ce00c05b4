using System.Text;

namespace Cria.Tokenization;

/// <summary>
/// The text of one generation as its tokens arrive. A character whose bytes are spread over several tokens comes out whole, with the last of them.
/// Allocates nothing in steady state. For one caller at a time.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecial;
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private char[] buffer = new char[64];

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="skipSpecial">Leave special tokens out.</param>
    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
    }

    /// <summary>Takes the next token and returns the text that it completes, possibly none; valid until the next call.</summary>
    /// <exception cref="Tensors.CriaException">The id is not in the vocabulary.</exception>
    public ReadOnlySpan<char> Push(int token)
    {
        bool special = tokenizer.IsSpecial(token);
        return special && skipSpecial ? default : Read(tokenizer.TokenBytes(token), flush: false);
    }

    /// <summary>Ends the text: an unfinished character comes out as U+FFFD. The next token begins a new text.</summary>
    public ReadOnlySpan<char> Flush() => Read(default, flush: true);

    private ReadOnlySpan<char> Read(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Each byte gives at most one character; up to three held bytes may give one more.
        if (buffer.Length < bytes.Length + 4)
            buffer = new char[bytes.Length * 2 + 4];
        int count = decoder.GetChars(bytes, buffer, flush);
        return buffer.AsSpan(0, count);
    }
}
