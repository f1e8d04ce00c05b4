using System.Text.Json;
using Cria.Chat;
using Cria.Corpora;
using Cria.Tensors;

namespace Cria.Evaluation;

/// <summary>A conversation that ends with a question, and its only right answer.</summary>
/// <param name="Skill">What it tests.</param>
/// <param name="Turns">The conversation up to the question.</param>
/// <param name="Answer">What is to be said then, character by character.</param>
public sealed record ExactQuestion(string Skill, IReadOnlyList<ChatTurn> Turns, string Answer)
{
    /// <summary>The skill of questions that name none.</summary>
    public const string NoSkill = "all";

    /// <summary>
    /// Reads JSON lines <c>{"skill": "…", "messages": […]}</c>, whose last message is the assistant's right answer; without <c>skill</c> a question counts under <see cref="NoSkill"/>.
    /// </summary>
    /// <exception cref="CriaException">The file cannot be read, has no question, or a line is not of this form; the message names file and line.</exception>
    public static IReadOnlyList<ExactQuestion> Read(string path)
    {
        List<ExactQuestion> questions = [];
        int number = 0;
        foreach (string line in Lines(path))
        {
            string place = $"{path}:{++number}";
            if (line.Length > 0) questions.Add(Parse(place, line));
        }
        return questions.Count > 0 ? questions : throw new CriaException($"{path} has no questions; write {{\"messages\": […]}} on each line");
    }

    private static ExactQuestion Parse(string place, string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (DocumentJson.Read(place, json.RootElement) is not ConversationDocument { Turns: [_, .., { Role: "assistant", Content: { Length: > 0 } answer }] } conversation)
                throw new CriaException($"{place}: no conversation that ends with the assistant's answer; write {{\"messages\": […]}} with it as the last message");
            return new ExactQuestion(json.RootElement.TryGetProperty("skill", out JsonElement skill) && skill.ValueKind == JsonValueKind.String ? skill.GetString()! : NoSkill, [.. conversation.Turns.SkipLast(1)], answer);
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{place}: not JSON; put one whole object on each line", failure);
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }
}
