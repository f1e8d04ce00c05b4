using Cria.Evaluation.Needles;
using Cria.Tensors;
using Cria.Tests.Tokenization;
using Cria.Tokenization;

namespace Cria.Tests.Evaluation.Needles;

/// <summary>The prompts of needle maps: the needle whole and where it belongs, lengths exact, beginnings shared.</summary>
public partial class NeedlePromptsTests
{
    private const string Story = "Tom has a red boat. He said: \"Take 3.5 of it!\" Is it old? It is (very old). Mia went to the sea and saw no boat at all, but a small dog that sat on the sand. The dog ran. ";

    [Fact]
    public void The_prompt_is_easycontexts()
    {
        Tokenizer tokenizer = Tiny();
        var options = new NeedleOptions { MaxContextLength = 400, MinContextLength = 400, ContextInterval = 1, NumberDigits = 7 };
        NeedlePrompt prompt = new NeedlePrompts(options, Haystack.Of([Story], tokenizer), tokenizer).Make(new NeedleCell(400, 0, 0));
        string text = tokenizer.Decode(prompt.Tokens);
        Assert.Equal(tokenizer.Bos, prompt.Tokens[0]);
        Assert.StartsWith($"This is a very long story book: <book>\nThe special magic Singapore number is: {prompt.Number}.\nTom has a red boat.", text, StringComparison.Ordinal);
        Assert.EndsWith("</book>.\n Based on the content of the book, Question: What is the special magic Singapore number? Answer: The special magic Singapore number is: ", text, StringComparison.Ordinal);
        Assert.Equal(prompt.Number, tokenizer.Decode(prompt.Answer));
        Assert.Equal(7, prompt.Number.Length);
        Assert.Equal(400, prompt.Tokens.Length + prompt.Answer.Length);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 7)]
    public void The_needle_is_whole_behind_a_sentence_at_its_depth(ulong seed, int distractors)
    {
        Tokenizer tokenizer = Tiny();
        var haystack = Haystack.Of([Story], tokenizer);
        var random = new Random((int)seed);
        var options = new NeedleOptions { MaxContextLength = 900, MinContextLength = 300, ContextInterval = 83, DepthInterval = 0.09, Rounds = 2, Seed = seed, NumberDigits = 1 + random.Next(9), Distractors = distractors, CountsHaystackOnly = seed == 3 };
        var prompts = new NeedlePrompts(options, haystack, tokenizer);
        int longest = Story.Split(". ").Max(sentence => tokenizer.Encode(sentence).Length) + 8;
        int prefix = tokenizer.Encode(options.Form.Prefix, addBos: true).Length, suffix = tokenizer.Encode(options.Form.Suffix + options.Form.LeadIn + " ").Length;
        foreach (NeedleCell cell in new NeedleGrid(options).Cells())
        {
            NeedlePrompt prompt = prompts.Make(cell);
            string needle = tokenizer.Decode(prompt.Tokens.AsSpan(prompt.NeedleStart, prompt.NeedleLength));
            Assert.Equal($"\nThe special magic Singapore number is: {prompt.Number}.\n", needle);
            string text = tokenizer.Decode(prompt.Tokens);
            Assert.Equal(2, Count(text, "Singapore number is:"));
            for (int i = 0; i < Math.Min(distractors, 6); i++) Assert.Matches($"\nThe special magic {NeedleForm.Places[i]} number is: [0-9]{{{options.NumberDigits}}}\\.\n", text);
            string before = tokenizer.Decode(prompt.Tokens.AsSpan(prefix, prompt.NeedleStart - prefix)), said = Distractor().Replace(before, "");
            int place = prompt.NeedleStart - prefix - DistractorTokens(before, tokenizer);
            int length = prompt.Tokens.Length - prefix - suffix - prompt.NeedleLength - DistractorTokens(text, tokenizer);
            if (cell.Depth == 0)
            {
                Assert.Equal(0, place);
                continue;
            }
            Assert.InRange(place, (int)(length * cell.Depth), (int)(length * cell.Depth) + longest);
            if (place < length) Assert.Matches("[.!?][\")]?$", said.TrimEnd());
            Assert.Equal(cell.Context, options.CountsHaystackOnly ? length : prompt.Tokens.Length + prompt.Answer.Length);
        }
    }

    [Fact]
    public void Prompts_are_equal_as_far_as_they_say()
    {
        Tokenizer tokenizer = Tiny();
        var options = new NeedleOptions { MaxContextLength = 600, MinContextLength = 200, ContextInterval = 100, DepthInterval = 0.25, Rounds = 2, Distractors = 1 };
        var prompts = new NeedlePrompts(options, Haystack.Of([Story], tokenizer), tokenizer);
        NeedlePrompt[] all = [.. new NeedleGrid(options).Cells().Select(prompts.Make)];
        foreach (NeedlePrompt one in all)
            foreach (NeedlePrompt other in all)
                Assert.True(one.Tokens.AsSpan().CommonPrefixLength(other.Tokens) >= Math.Min(one.SharedTokens, other.SharedTokens));
        Assert.Contains(all, prompt => prompt.SharedTokens > 200);
        Assert.Equal(all.Select(prompt => prompt.Tokens), new NeedleGrid(options).Cells().Select(cell => prompts.Make(cell).Tokens));
        Assert.NotEqual(all[0].Number, all[1].Number);
    }

    [Fact]
    public void A_conversation_is_the_templates()
    {
        using LanguageModel model = LanguageModel.Load(SharedData.ShippedModel, new LoadOptions { Threads = 1 });
        var options = new NeedleOptions { MaxContextLength = 300, MinContextLength = 300, ContextInterval = 1, IsChat = true, Form = NeedleForm.Conversation };
        NeedlePrompt prompt = new NeedlePrompts(options, Haystack.Of([Story], model.Tokenizer), model.Tokenizer, model.Template).Make(new NeedleCell(300, 0.5, 0));
        string text = model.Tokenizer.Decode(prompt.Tokens, skipSpecial: false);
        Assert.Contains("<|start_header_id|>user<|end_header_id|>\n\nThis is a very long story book: <book>", text, StringComparison.Ordinal);
        Assert.EndsWith("number?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nThe special magic Singapore number is: ", text, StringComparison.Ordinal);
        Assert.Single(prompt.Tokens, token => token == model.Tokenizer.Bos);
        Assert.Equal(300, prompt.Tokens.Length + prompt.Answer.Length);
    }

    [Fact]
    public void The_model_cards_settings_give_thirteen_lengths_and_six_depths()
    {
        var grid = new NeedleGrid(new NeedleOptions { MaxContextLength = 1040200, MinContextLength = 100, ContextInterval = 86675 });
        Assert.Equal(13, grid.Contexts.Count);
        Assert.Equal((100, 1040200), (grid.Contexts[0], grid.Contexts[^1]));
        Assert.Equal([0, 0.2, 0.4, 0.6, 0.8, 1], grid.Depths);
        Assert.Equal([0, 0.3, 0.6, 0.9, 1], new NeedleGrid(new NeedleOptions { MaxContextLength = 9, MinContextLength = 9, ContextInterval = 9, DepthInterval = 0.3 }).Depths);
    }

    [Fact]
    public void The_built_in_haystack_is_one_passage_without_end()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        // The cards' generator of 25 tokens: the passage, and the token that begins a text.
        var haystack = Haystack.BuiltIn(tokenizer, 25);
        Assert.Equal(24, haystack.DistinctTokens);
        var tokens = new List<int>();
        haystack.CopyTo(tokens, 0, 100);
        Assert.StartsWith($" {Haystack.Sentences} {Haystack.Sentences} The grass", tokenizer.Decode(tokens), StringComparison.Ordinal);
        Assert.Contains("24 tokens", Assert.Throws<CriaException>(() => Haystack.BuiltIn(tokenizer, 150000)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_haystack_that_is_too_short_for_what_is_asked_is_refused()
    {
        Tokenizer tokenizer = Tiny();
        Assert.Contains("too short", Assert.Throws<CriaException>(() => Haystack.Of([Story], tokenizer, 100_000)).Message, StringComparison.Ordinal);
        Assert.Contains("no text", Assert.Throws<CriaException>(() => Haystack.Of([""], tokenizer)).Message, StringComparison.Ordinal);
        Assert.Contains("no such folder", Assert.Throws<CriaException>(() => Haystack.Texts("/nowhere/at/all")).Message, StringComparison.Ordinal);
        Assert.Equal(20, Haystack.Of([Story], tokenizer, 20).DistinctTokens);
    }

    [Fact]
    public void A_needle_that_does_not_fit_says_what_would()
    {
        Tokenizer tokenizer = Tiny();
        var options = new NeedleOptions { MaxContextLength = 50, MinContextLength = 50, ContextInterval = 1 };
        var prompts = new NeedlePrompts(options, Haystack.Of([Story], tokenizer), tokenizer);
        string message = Assert.Throws<CriaException>(() => prompts.Make(new NeedleCell(50, 0.5, 0))).Message;
        int enough = int.Parse(System.Text.RegularExpressions.Regex.Match(message, "context of ([0-9]+) or more").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(enough, prompts.Make(new NeedleCell(enough, 0.5, 0)) is { } prompt ? prompt.Tokens.Length + prompt.Answer.Length : 0);
    }

    public static TheoryData<NeedleOptions, string> Contradictions => new()
    {
        { Map with { MaxContextLength = 50 }, "below the shortest" },
        { Map with { ContextInterval = 0 }, "interval of 0" },
        { Map with { DepthInterval = 0 }, "depth interval" },
        { Map with { DepthInterval = 1.5 }, "depth interval" },
        { Map with { NumberDigits = 0 }, "0 digits" },
        { Map with { Rounds = 0 }, "0 numbers" },
        { Map with { Form = NeedleForm.EasyContext with { Needle = "no number" } }, "no {}" },
        { Map with { Distractors = 1, Form = NeedleForm.EasyContext with { Distractor = null } }, "no distractors" },
        { Map with { MaxContextLength = int.MaxValue, ContextInterval = 1 }, "cells" },
    };

    private static NeedleOptions Map => new() { MaxContextLength = 200, MinContextLength = 100, ContextInterval = 10 };

    [Theory]
    [MemberData(nameof(Contradictions), DisableDiscoveryEnumeration = true)]
    public void Contradictions_are_refused_in_one_line(NeedleOptions options, string expected) =>
        Assert.Contains(expected, Assert.Throws<CriaException>(() => new NeedleGrid(options)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("is 12345.", true)]
    [InlineData("12345", true)]
    [InlineData("112345", false)]
    [InlineData("123456 and 12345", true)]
    [InlineData("1234", false)]
    public void A_number_is_found_only_as_a_number_of_its_own(string text, bool expected) => Assert.Equal(expected, NeedleTest.Contains(text, "12345"));

    internal static Tokenizer Tiny()
    {
        using var source = Cria.Packing.ModelSource.Open(SharedData.ShippedModel);
        return Tokenizer.FromMetadata(source.Metadata);
    }

    private static int DistractorTokens(string text, Tokenizer tokenizer) => Distractor().Matches(text).Sum(match => tokenizer.Encode(match.Value).Length);

    [System.Text.RegularExpressions.GeneratedRegex(@"\nThe special magic (?!Singapore)[A-Z][A-Za-z ]* number is: [0-9]+\.\n")]
    private static partial System.Text.RegularExpressions.Regex Distractor();

    private static int Count(string text, string part)
    {
        int count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal)) count++;
        return count;
    }
}
