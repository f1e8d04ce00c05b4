using Cria.Chat;
using Cria.Corpora;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Training.Data;

/// <summary>
/// Documents as tokens. A text gets the vocabulary's beginning and end, and of one in segments those are learnt that say so; a conversation is rendered by the model's own template, and unless
/// <paramref name="trainOnInputs"/> only what the assistant says is learnt, the token that ends its turn included. Safe for concurrent use.
/// </summary>
/// <param name="tokenizer">The model's vocabulary.</param>
/// <param name="template">The model's chat template.</param>
/// <param name="trainOnInputs">Whether the other turns and the template's words are learnt too.</param>
public sealed class ExampleEncoder(Tokenizer tokenizer, ChatTemplate template, bool trainOnInputs = false)
{
    /// <summary>The token that begins a text; null where the model wants none.</summary>
    public int? Beginning { get; } = tokenizer.AddsBos ? tokenizer.Bos : null;

    /// <summary>The token that ends a text: Llama 3's own, else the vocabulary's; null where it has none.</summary>
    public int? End { get; } = tokenizer.FindSpecial("<|end_of_text|>") ?? tokenizer.Eos;

    /// <summary>The tokens of a text or a piece of one, without beginning and end. Special tokens in it are read as letters.</summary>
    public int[] Encode(TextDocument document) => tokenizer.Encode(document.Text);

    /// <summary>A sequence that was tokenized before.</summary>
    /// <exception cref="CriaException">A token is not of this vocabulary.</exception>
    public TrainingExample Encode(TokenDocument document)
    {
        foreach (int token in document.Tokens)
            if (token >= tokenizer.VocabularySize) throw new CriaException($"{document.Place}: token {token} is outside the vocabulary of {tokenizer.VocabularySize}; pack the corpus again with this model");
        if (document.Learn is null) return new TrainingExample(document.Tokens);
        var inLoss = new bool[document.Tokens.Length];
        foreach ((int start, int count) in document.Learn) inLoss.AsSpan(start, count).Fill(true);
        return new TrainingExample(document.Tokens, inLoss);
    }

    /// <summary>A text in segments, with beginning and end; the end is learnt where the last segment is. Special tokens in it are read as letters.</summary>
    public TrainingExample Encode(SegmentedDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        List<int> tokens = [];
        List<bool> inLoss = [];
        if (Beginning is { } beginning) Append([beginning], isLearnt: false);
        // Part by part, because what is learnt is generated behind a text that was encoded without it.
        foreach (DocumentSegment segment in document.Segments) Append(tokenizer.Encode(segment.Text), segment.IsLearnt);
        if (End is { } end) Append([end], document.Segments[^1].IsLearnt);
        return new TrainingExample([.. tokens], trainOnInputs ? null : [.. inLoss]);

        void Append(int[] part, bool isLearnt)
        {
            tokens.AddRange(part);
            while (inLoss.Count < tokens.Count) inLoss.Add(isLearnt);
        }
    }

    /// <summary>A conversation as its template renders it.</summary>
    /// <exception cref="CriaException">The template refuses the conversation, or it is not to be seen where the assistant speaks, or nowhere; the message names the place.</exception>
    public TrainingExample Encode(ConversationDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        ChatPrompt prompt = Render(document, document.Turns.Count, answerNext: false);
        if (trainOnInputs) return new TrainingExample(tokenizer.Encode(prompt.Segments, tokenizer.AddsBos));
        List<int> tokens = [];
        List<bool> inLoss = [];
        int at = 0;
        // Encoded part by part, because an answer is generated behind a prompt that was encoded without it.
        foreach (Range range in AssistantRanges(document, prompt))
        {
            Append(at..range.Start.Value, isLearnt: false);
            Append(range, isLearnt: true);
            at = range.End.Value;
        }
        if (at == 0) throw new CriaException($"{document.Place}: the assistant says nothing in this conversation, so there is nothing to learn; remove it, or train on inputs too");
        Append(at..prompt.Text.Length, isLearnt: false);
        return new TrainingExample([.. tokens], [.. inLoss]);

        void Append(Range range, bool isLearnt)
        {
            tokens.AddRange(tokenizer.Encode(prompt.SegmentsOf(range), tokenizer.AddsBos && tokens.Count == 0, continues: tokens.Count > 0));
            while (inLoss.Count < tokens.Count) inLoss.Add(isLearnt);
        }
    }

    private IReadOnlyList<Range> AssistantRanges(ConversationDocument document, ChatPrompt whole)
    {
        if (whole.AssistantRanges.Count > 0) return whole.AssistantRanges;
        // A template without marks shows the places by what it writes before and after each answer.
        List<Range> ranges = [];
        for (int i = 0; i < document.Turns.Count; i++)
        {
            if (document.Turns[i].Role != "assistant") continue;
            string before = Render(document, i, answerNext: true).Text, after = Render(document, i + 1, answerNext: false).Text;
            if (before.Length >= after.Length || !after.StartsWith(before, StringComparison.Ordinal) || !whole.Text.StartsWith(after, StringComparison.Ordinal))
                throw new CriaException($"{document.Place}: the chat template rewrites what it wrote for turn {i + 1}, so it is not to be seen where the assistant speaks; mark its words with {{% generation %}} in the template, or train on inputs too");
            ranges.Add(before.Length..after.Length);
        }
        return ranges;
    }

    private ChatPrompt Render(ConversationDocument document, int turns, bool answerNext)
    {
        try
        {
            return template.Render([.. document.Turns.Take(turns)], new ChatTemplateOptions { AddGenerationPrompt = answerNext, Tools = document.Tools, Clock = StandingClock.Instance });
        }
        catch (CriaException failure)
        {
            throw new CriaException($"{document.Place}: {failure.Message}", failure);
        }
    }

    /// <summary>The day that Llama 3.1's template names where nobody says what day it is, so that a corpus has the same tokens every day.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public static readonly StandingClock Instance = new();

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 7, 26, 0, 0, 0, TimeSpan.Zero);
    }
}
