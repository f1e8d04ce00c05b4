using Cria.Evaluation;
using Cria.Tensors;

namespace Cria.Tests.Evaluation;

public class ExactQuestionTests
{
    [Fact]
    public void The_last_message_is_the_right_answer()
    {
        IReadOnlyList<ExactQuestion> questions = Read(
            """{"skill": "sums", "messages": [{"role": "user", "content": "2 + 2"}, {"role": "assistant", "content": "4"}]}""", "",
            """{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}""");
        Assert.Equal(["sums", ExactQuestion.NoSkill], questions.Select(question => question.Skill));
        Assert.Equal(["4", "d"], questions.Select(question => question.Answer));
        Assert.Equal([1, 4], questions.Select(question => question.Turns.Count));
        Assert.Equal("c", questions[1].Turns[^1].Content);
    }

    [Fact]
    public void Space_around_an_answer_does_not_count_and_everything_else_does()
    {
        var question = new ExactQuestion("", [], "It is red.");
        Assert.True(new ExactResult(question, " It is red.\n").IsRight);
        Assert.False(new ExactResult(question, "It is red").IsRight);
        Assert.False(new ExactResult(question, "it is red.").IsRight);
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}]}""", ":1: no conversation that ends with the assistant's answer")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "a"}]}""", ":1: no conversation that ends with the assistant's answer")]
    [InlineData("""{"text": "a"}""", ":1: no conversation that ends with the assistant's answer")]
    [InlineData("""{"messages": [""", ":1: not JSON")]
    [InlineData("", "has no questions")]
    public void A_line_of_another_form_is_named(string line, string expected) => Assert.Contains(expected, Assert.Throws<CriaException>(() => Read(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_named() => Assert.StartsWith("nowhere.jsonl cannot be read: ", Assert.Throws<CriaException>(() => ExactQuestion.Read("nowhere.jsonl")).Message, StringComparison.Ordinal);

    private static IReadOnlyList<ExactQuestion> Read(params string[] lines)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, lines);
            return ExactQuestion.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
