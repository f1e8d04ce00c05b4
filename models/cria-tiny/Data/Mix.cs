using Cria.TinyData.Knowledge;
using Cria.TinyData.Passages;
using Cria.TinyData.Retrieval;
using Cria.TinyData.Stories;
using Cria.TinyData.Talk;
using Cria.TinyData.Tasks;

namespace Cria.TinyData;

/// <summary>The skills, with the share of the training characters that each one gets and the questions it gets in the test.</summary>
internal static class Mix
{
    /// <summary>Every skill.</summary>
    public static IReadOnlyList<(ISkill Skill, double Share, int Tests)> All { get; } =
    [
        (new PassageQuestions(), 26, 300),
        (new Needles("retrieval", 40, 200), 8, 200),
        (new Needles("retrieval, long", 300, 1000), 8, 100),
        (new Arithmetic(), 9, 300),
        (new Arithmetic(unseen: true), 0, 60),
        (new WordTasks("spelling", WordTasks.Spell), 4, 100),
        (new WordTasks("uppercase", WordTasks.Uppercase), 4, 100),
        (new WordTasks("reverse word order", WordTasks.Reverse), 3, 100),
        (new WordTasks("counting words", WordTasks.Count), 3, 100),
        (new WordTasks("lists", WordTasks.List), 3, 100),
        (new WordTasks("first and last word", WordTasks.Pick), 2, 100),
        (new Facts(), 9, 300),
        (new AnswerSkill("about Cria", "about-cria"), 4, 200),
        (new Chat(), 4, 200),
        (new Unknown(), 2, 100),
        (new StoryTelling(), 16, 0),
    ];
}
