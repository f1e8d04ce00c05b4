using Cria.TinyData.Knowledge;
using Cria.TinyData.Passages;
using Cria.TinyData.Retrieval;
using Cria.TinyData.Stories;
using Cria.TinyData.Talk;
using Cria.TinyData.Tasks;

namespace Cria.TinyData;

/// <summary>What a part of the training weighs.</summary>
internal enum Course
{
    /// <summary>Everything.</summary>
    First,

    /// <summary>Everything again, with more of what is learned last: reading, and copying without a slip.</summary>
    Second,

    /// <summary>Half of it reading, and half of that from the end: who is it that was said to do this.</summary>
    Third,
}

/// <summary>The skills, with the share of the training characters that each one gets in each course and the questions it gets in the test.</summary>
internal static class Mix
{
    /// <summary>Every skill.</summary>
    public static IReadOnlyList<(ISkill Skill, double First, double Second, double Third, int Tests)> All { get; } =
    [
        (new PassageQuestions(), 26, 42, 26, 300),
        (new PassageQuestions(backwards: true), 0, 0, 26, 0),
        (new Needles("retrieval", 40, 200), 8, 9, 6, 200),
        (new Needles("retrieval, long", 300, 1000), 8, 8, 5, 100),
        (new Arithmetic(), 9, 7, 6, 300),
        (new Arithmetic(unseen: true), 0, 0, 0, 60),
        (new WordTasks("spelling", WordTasks.Spell), 4, 4, 3, 100),
        (new WordTasks("uppercase", WordTasks.Uppercase), 4, 5, 3, 100),
        (new WordTasks("reverse word order", WordTasks.Reverse), 3, 3, 3, 100),
        (new WordTasks("counting words", WordTasks.Count), 3, 2, 2, 100),
        (new WordTasks("lists", WordTasks.List), 3, 2, 2, 100),
        (new WordTasks("first and last word", WordTasks.Pick), 2, 3, 3, 100),
        (new Facts(), 9, 8, 6, 300),
        (new AnswerSkill("about Cria", "about-cria"), 4, 4, 5, 200),
        (new Chat(), 4, 3, 3, 200),
        (new Unknown(), 2, 2, 2, 100),
        (new StoryTelling(), 16, 8, 5, 0),
    ];

    /// <summary>The skills of a course with their shares.</summary>
    public static (ISkill Skill, double Share)[] Of(Course course) =>
        [.. All.Select(entry => (entry.Skill, Share: course switch { Course.First => entry.First, Course.Second => entry.Second, _ => entry.Third })).Where(entry => entry.Share > 0)];
}
