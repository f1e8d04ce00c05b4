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

    /// <summary>A word back to the person it is told of, among few words, and everything again so that nothing is forgotten.</summary>
    FewWords,

    /// <summary>Everything once more, that step with all words and in passages among it.</summary>
    Third,
}

/// <summary>The skills, with the share of the training characters that each one gets in each course and the questions it gets in the test.</summary>
internal static class Mix
{
    /// <summary>Every skill.</summary>
    public static IReadOnlyList<(ISkill Skill, double First, double Second, int Tests)> All { get; } =
    [
        (new PassageQuestions(), 26, 42, 300),
        (new Needles("retrieval", 40, 200), 8, 9, 200),
        (new Needles("retrieval, long", 300, 1000), 8, 8, 100),
        (new Arithmetic(), 9, 7, 300),
        (new Arithmetic(unseen: true), 0, 0, 60),
        (new WordTasks("spelling", WordTasks.Spell), 4, 4, 100),
        (new WordTasks("uppercase", WordTasks.Uppercase), 4, 5, 100),
        (new WordTasks("reverse word order", WordTasks.Reverse), 3, 3, 100),
        (new WordTasks("counting words", WordTasks.Count), 3, 2, 100),
        (new WordTasks("lists", WordTasks.List), 3, 2, 100),
        (new WordTasks("first and last word", WordTasks.Pick), 2, 3, 100),
        (new Facts(), 9, 8, 300),
        (new AnswerSkill("about Cria", "about-cria"), 4, 4, 200),
        (new Chat(), 4, 3, 200),
        (new Unknown(), 2, 2, 100),
        (new StoryTelling(), 16, 8, 0),
    ];

    /// <summary>The skills of a course with their shares.</summary>
    public static (ISkill Skill, double Share)[] Of(Course course)
    {
        IEnumerable<(ISkill Skill, double Share)> all = All.Select(entry => (entry.Skill, Share: course == Course.First ? entry.First : entry.Second)).Where(entry => entry.Share > 0);
        return course switch
        {
            Course.FewWords => [(new Lookup(fewWords: true), 60), .. all.Select(entry => (entry.Skill, entry.Share * 0.4))],
            Course.Third => [(new Lookup(), 10), (new PassageQuestions(backwards: true, least: 2, most: 6), 10), .. all],
            _ => [.. all],
        };
    }

    /// <summary>The skills of a stage of long contexts with their shares: numbers to be found again in texts that fill the context, reading, and all the others, so that none is forgotten.</summary>
    /// <param name="tokens">The context.</param>
    public static (ISkill Skill, double Share)[] Long(int tokens)
    {
        // Where texts are short reading gets on best; where they are long there is enough to do with finding.
        double finding = tokens <= 2048 ? 30 : 65, reading = tokens <= 2048 ? 55 : 20;
        return
        [
            (new BookNumbers(tokens * 2 / 3, tokens), finding * 0.5),
            (new BookNumbers(200, tokens * 2 / 3), finding * 0.1),
            (new Needles("retrieval, longer", tokens * 3 / 10, tokens * 7 / 10, most: 24), finding * 0.32),
            (new Collection(tokens * 4), finding * 0.08),
            (new PassageQuestions(least: 6, most: 14), reading * 0.2),
            (new PassageQuestions(backwards: true, least: 8, most: 14), reading * 0.8),
            .. Of(Course.First).Where(entry => entry.Skill is not PassageQuestions).Select(entry => (entry.Skill, entry.Share * 0.2)),
        ];
    }
}
