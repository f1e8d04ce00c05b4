using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cria.TinyData.Tests;

public partial class TinyDataTests
{
    private const int Count = 400;

    private static readonly ISkill[] All =
    [
        .. Mix.All.Select(entry => entry.Skill), .. Mix.Long(2048).Take(6).Select(entry => entry.Skill),
        .. Mix.Of(Course.FewWords).Take(1).Select(entry => entry.Skill), .. Mix.Of(Course.Third).Take(2).Select(entry => entry.Skill),
    ];

    public static TheoryData<int> Skills => [.. Enumerable.Range(0, All.Length)];

    [Theory]
    [MemberData(nameof(Skills))]
    public void Every_seed_gives_its_own_samples_again(int skill)
    {
        string[] first = Write(skill, 1), again = Write(skill, 1), other = Write(skill, 2);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);

        static string[] Write(int skill, ulong seed)
        {
            var dice = new Dice(seed);
            return [.. Enumerable.Range(0, 20).Select(_ => JsonSerializer.Serialize(All[skill].Next(dice, isTest: false)))];
        }
    }

    [Theory]
    [MemberData(nameof(Skills))]
    public void Samples_are_whole(int skill)
    {
        var dice = new Dice(3);
        for (int i = 0; i < Count; i++)
        {
            Sample sample = All[skill].Next(dice, isTest: i % 2 == 0);
            Assert.Equal(1, (sample.Text is null ? 0 : 1) + (sample.Turns.Count > 0 ? 1 : 0) + (sample.Completions.Count > 0 ? 1 : 0));
            foreach (string text in sample.Turns.Concat(sample.Completions).SelectMany(turn => new[] { turn.Question, turn.Answer }).Append(sample.Text ?? "x"))
            {
                Assert.NotEmpty(text);
                // A slot or an alternative that nobody filled.
                Assert.DoesNotMatch(@"[\[\]{}|]|  |\.\.| a [aeio]\w+ ?$", text);
            }
        }
    }

    [Fact]
    public void No_held_out_question_stands_in_training()
    {
        string folder = Directory.CreateTempSubdirectory("cria-data-").FullName;
        try
        {
            Writer.WriteMixed(Path.Combine(folder, "train.jsonl"), Split.Train, 1, 2_000_000, Mix.Of(Course.First));
            Writer.WriteTest(Path.Combine(folder, "test.jsonl"), 3);
            var trained = Questions("train.jsonl").SelectMany(sample => sample.Turns.Append(string.Join('\n', sample.Turns))).ToHashSet(StringComparer.Ordinal);
            (string Skill, string[] Turns)[] test = [.. Questions("test.jsonl")];
            Assert.True(test.Length > 1500);
            foreach ((string skill, string[] turns) in test) Assert.False(trained.Contains(string.Join('\n', turns)), $"{skill}: {turns[^1]}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        IEnumerable<(string Skill, string[] Turns)> Questions(string name) => File.ReadLines(Path.Combine(folder, name)).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(sample => sample.TryGetProperty("messages", out _))
            .Select(sample => (sample.GetProperty("skill").GetString()!, sample.GetProperty("messages").EnumerateArray().Where(turn => turn.GetProperty("role").GetString() == "user").Select(turn => turn.GetProperty("content").GetString()!).ToArray()));
    }

    [Fact]
    public void Every_number_asked_for_stands_once_in_the_book()
    {
        var dice = new Dice(9);
        var skill = new Retrieval.BookNumbers(500, 4000);
        for (int i = 0; i < Count; i++)
        {
            Sample sample = skill.Next(dice, isTest: false);
            string book = sample.Completions[0].Question[..sample.Completions[0].Question.IndexOf("</book>", StringComparison.Ordinal)];
            foreach (Ask ask in sample.Completions)
            {
                string form = ask.Question[(ask.Question.LastIndexOf("Answer: ", StringComparison.Ordinal) + "Answer: ".Length)..];
                Assert.Single(Regex.Matches(book, Regex.Escape(form)));
                Assert.Contains($"\n{form}{ask.Answer}.\n", book, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Sums_are_right_and_pairs_kept_back_are_in_no_taught_question()
    {
        var taught = new HashSet<string>(StringComparer.Ordinal);
        var dice = new Dice(5);
        foreach (bool unseen in new[] { false, true })
        {
            var skill = new Tasks.Arithmetic(unseen);
            for (int i = 0; i < 10 * Count; i++)
            {
                foreach (Ask ask in skill.Next(dice, isTest: true).Turns)
                {
                    Match sum = SumPattern().Match(ask.Answer);
                    if (!sum.Success) continue;
                    int a = Number(1), b = Number(3), result = Number(4);
                    Assert.Equal(sum.Groups[2].Value switch { "+" => a + b, "-" => a - b, _ => a * b }, result);
                    string pair = $"{a}{sum.Groups[2].Value}{b}";
                    if (unseen) Assert.DoesNotContain(pair, taught);
                    else taught.Add(pair);

                    int Number(int group) => int.Parse(sum.Groups[group].Value, CultureInfo.InvariantCulture);
                }
            }
        }
        Assert.True(taught.Count > 600);
    }

    [Fact]
    public void A_passage_has_what_is_asked_about_it()
    {
        var dice = new Dice(6);
        for (int i = 0; i < Count; i++)
        {
            Passages.Passage passage = Passages.Passage.Write(dice);
            // Equal questions would need equal answers.
            foreach (IGrouping<string, Ask> same in passage.Asks.GroupBy(ask => ask.Question)) Assert.Single(same.Select(ask => ask.Answer).Distinct());
            foreach (Ask ask in passage.Asks.Where(ask => ask.Question.StartsWith("What colour", StringComparison.Ordinal) && !ask.Answer.StartsWith("The passage", StringComparison.Ordinal)))
                Assert.Contains(ask.Answer.TrimEnd('.').Split(' ')[^1], passage.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_is_asked_for_is_who_it_is_told_of(bool fewWords)
    {
        var dice = new Dice(7);
        var skill = new Passages.Lookup(fewWords);
        int pairs = 0, sentences = 0;
        for (int i = 0; i < Count; i++)
        {
            Sample sample = skill.Next(dice, isTest: false);
            if (sample.Completions.Count == 0) continue;
            string text = sample.Keys[0];
            foreach ((Ask ask, int at) in sample.Completions.Select((ask, at) => (ask, at)))
            {
                string question = at == 0 ? ask.Question[text.Length..] : ask.Question, name = ask.Answer.Trim();
                if (question.Contains("Who ", StringComparison.Ordinal))
                {
                    // Of the sentence with the name the question has at least one word more.
                    sentences++;
                    string his = text.Split(". ").Single(sentence => sentence.StartsWith(name + " ", StringComparison.Ordinal));
                    Assert.NotEmpty(WordPattern().Matches(question).Select(word => word.Value).Intersect(WordPattern().Matches(his[name.Length..]).Select(word => word.Value)).Except(["is", "has", "the", "at", "in"]));
                }
                else
                {
                    pairs++;
                    string word = MarksPattern().Replace(question, ""), said = text[Regex.Match(text, $@"\b{name}\b").Index..];
                    string his = said[..(NamePattern().Match(said, 1) is { Success: true } next ? next.Index : said.Length)];
                    Assert.Matches($@"[ =:-] ?{Regex.Escape(word)}\W*$", his);
                }
            }
        }
        Assert.True(pairs > 1000 && sentences > 200);
    }

    [GeneratedRegex(@"^[. ]+|( of| =|[:?])$")]
    private static partial Regex MarksPattern();

    [GeneratedRegex(@"\w+")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"\p{Lu}")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^(\d+) ([-+*]) (\d+) = (\d+)")]
    private static partial Regex SumPattern();
}
