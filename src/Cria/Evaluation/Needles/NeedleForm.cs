namespace Cria.Evaluation.Needles;

/// <summary>
/// The words of a needle test. The prompt is prefix, haystack with the needle in it, suffix, lead-in; then the number must follow. In a conversation prefix, haystack and suffix
/// are what the user says, and the lead-in is how the assistant's answer begins.
/// </summary>
/// <param name="Needle">The needle; <see cref="Number"/> stands for the number.</param>
/// <param name="Prefix">Before the haystack.</param>
/// <param name="Suffix">After it: the question.</param>
/// <param name="LeadIn">The beginning of the answer.</param>
/// <param name="Distractor">A needle of another kind; <see cref="Place"/> stands for its place. Null where the form has none.</param>
public sealed record NeedleForm(string Needle, string Prefix, string Suffix, string LeadIn, string? Distractor)
{
    /// <summary>Stands for the number in a needle.</summary>
    public const string Number = "{}";

    /// <summary>Stands for the place in a distractor.</summary>
    public const string Place = "{place}";

    /// <summary>Places of distractors, in EasyContext's order.</summary>
    public static readonly IReadOnlyList<string> Places = ["New York", "London", "Paris", "Tokyo", "Beijing", "Berlin"];

    /// <summary>The form of EasyContext's evaluation, with which the Gradient models were measured: for text that is continued.</summary>
    public static NeedleForm EasyContext { get; } = new(
        "\nThe special magic Singapore number is: {}.\n",
        "This is a very long story book: <book>",
        "</book>.\n Based on the content of the book, Question: What is the special magic Singapore number? Answer:",
        " The special magic Singapore number is:",
        "\nThe special magic {place} number is: {}.\n");

    /// <summary>The same question put to an assistant.</summary>
    public static NeedleForm Conversation { get; } = EasyContext with
    {
        Suffix = "</book>.\n Based on the content of the book, Question: What is the special magic Singapore number?",
        LeadIn = "The special magic Singapore number is:",
    };
}
