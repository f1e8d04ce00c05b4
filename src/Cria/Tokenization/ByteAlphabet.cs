namespace Cria.Tokenization;

/// <summary>
/// The printable alphabet in which byte-level vocabularies are written down: each byte is one character, visible bytes are themselves,
/// the others follow from U+0100 on (a space is <c>Ġ</c>). Source: GPT-2's <c>bytes_to_unicode</c>.
/// </summary>
internal static class ByteAlphabet
{
    private const int LastLetter = 0x143;

    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>Writes bytes in the alphabet.</summary>
    public static string Spell(ReadOnlySpan<byte> bytes) => string.Create(bytes.Length, bytes, static (letters, source) =>
    {
        for (int i = 0; i < letters.Length; i++)
            letters[i] = Letters[source[i]];
    });

    /// <summary>Reads a word of the alphabet into <paramref name="bytes"/>, which holds at least as many bytes as the word has letters; false when a letter is not of the alphabet.</summary>
    public static bool TryRead(ReadOnlySpan<char> word, Span<byte> bytes)
    {
        for (int i = 0; i < word.Length; i++)
        {
            int value = word[i] <= LastLetter ? Bytes[word[i]] : -1;
            if (value < 0)
                return false;
            bytes[i] = (byte)value;
        }
        return true;
    }

    private static char[] MakeLetters()
    {
        char[] letters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool visible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            letters[value] = (char)(visible ? value : next++);
        }
        return letters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[LastLetter + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
            bytes[Letters[value]] = (short)value;
        return bytes;
    }
}
