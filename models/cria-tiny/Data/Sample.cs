namespace Cria.TinyData;

/// <summary>One question with its only right answer.</summary>
internal sealed record Ask(string Question, string Answer);

/// <summary>A text, or a conversation, of one skill.</summary>
internal sealed record Sample(string Skill)
{
    /// <summary>A text to be continued; null for anything else.</summary>
    public string? Text { get; init; }

    /// <summary>Questions and answers in turn.</summary>
    public IReadOnlyList<Ask> Turns { get; init; } = [];

    /// <summary>A text without a chat template: questions that are only read, each with an answer that is learnt.</summary>
    public IReadOnlyList<Ask> Completions { get; init; } = [];

    /// <summary>What the model is told before the first turn; null for nothing.</summary>
    public string? System { get; init; }

    /// <summary>What decides the split it belongs to: the whole sample where it can hardly come twice, each question where there are few.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Characters of the text or of all turns.</summary>
    public int Length => (Text?.Length ?? 0) + Turns.Concat(Completions).Sum(turn => turn.Question.Length + turn.Answer.Length);

    /// <summary>A text.</summary>
    public static Sample OfText(string skill, string text) => new(skill) { Text = text, Keys = [text] };

    /// <summary>A conversation that hardly comes twice, such as one about a passage.</summary>
    public static Sample Open(string skill, params IReadOnlyList<Ask> turns) => new(skill) { Turns = turns, Keys = [string.Join('\n', turns.Select(turn => turn.Question))] };

    /// <summary>A conversation of questions of which there are few, so that each of them is held out or not.</summary>
    public static Sample Closed(string skill, params IReadOnlyList<Ask> turns) => new(skill) { Turns = turns, Keys = [.. turns.Select(turn => turn.Question)] };
}
