using System.Text;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

public class StreamingDecoderTests
{
    [Fact]
    public void Pieces_join_to_the_whole_text_and_are_whole_characters()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        Random random = new(6);
        for (int round = 0; round < 1000; round++)
        {
            string text = RandomText.Next(random, 20);
            StreamingDecoder decoder = new(tokenizer);
            StringBuilder joined = new();
            foreach (int id in tokenizer.Encode(text))
            {
                string piece = decoder.Push(id).ToString();
                Assert.True(text.AsSpan(joined.Length).StartsWith(piece, StringComparison.Ordinal));
                Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]));
                joined.Append(piece);
            }
            Assert.Equal(0, decoder.Flush().Length);
            Assert.Equal(text, joined.ToString());
        }
    }

    [Fact]
    public void A_character_comes_with_its_last_byte()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        StreamingDecoder decoder = new(tokenizer);
        int[] ids = tokenizer.Encode("🦙");
        Assert.True(ids.Length > 1);
        Assert.All(ids[..^1], id => Assert.Equal("", decoder.Push(id).ToString()));
        Assert.Equal("🦙", decoder.Push(ids[^1]).ToString());
    }

    [Fact]
    public void An_unfinished_character_ends_as_a_replacement()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        StreamingDecoder decoder = new(tokenizer);
        int[] ids = tokenizer.Encode("🦙");
        foreach (int id in ids[..^1])
            decoder.Push(id);
        Assert.Equal("\uFFFD", decoder.Flush().ToString());
        Assert.Equal("a", decoder.Push(tokenizer.Encode("a")[0]).ToString());
    }

    [Fact]
    public void Special_tokens_show_only_when_asked_for()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        Assert.Equal("", new StreamingDecoder(tokenizer).Push(128009).ToString());
        Assert.Equal("<|eot_id|>", new StreamingDecoder(tokenizer, skipSpecial: false).Push(128009).ToString());
    }

    [Fact]
    public void Allocates_nothing_in_steady_state()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        int[] ids = tokenizer.Encode("The llama 🦙 eats, and eats, and eats.");
        StreamingDecoder decoder = new(tokenizer);
        foreach (int id in ids)
            decoder.Push(id);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++)
        {
            foreach (int id in ids)
                decoder.Push(id);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
