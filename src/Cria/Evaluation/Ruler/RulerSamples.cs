using System.Collections.Concurrent;
using Cria.Chat;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Evaluation.Ruler;

/// <summary>
/// Makes the samples of RULER's tasks: as much haystack as fits a length with the answer, as RULER finds it. Words, essays and the cutting of sentences are our own, so samples
/// are of the same kind as RULER's, not the same.
/// </summary>
public sealed class RulerSamples
{
    private readonly RulerOptions options;
    private readonly Tokenizer tokenizer;
    private readonly ChatTemplate? template;
    private readonly RulerContext context;
    private readonly ConcurrentDictionary<(string, int), int> units = new();

    /// <summary>Prepares samples.</summary>
    /// <param name="options">What is measured.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's chat template, for options that ask through it.</param>
    /// <param name="essays">The essays' text; none where no task needs them.</param>
    /// <exception cref="CriaException">A task needs essays and there are none.</exception>
    public RulerSamples(RulerOptions options, Tokenizer tokenizer, ChatTemplate template, IEnumerable<string> essays)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(essays);
        if (options.Samples < 1) throw new CriaException($"{options.Samples} samples measure nothing; choose at least 1");
        if (options.Lengths.Count == 0 || options.Tasks.Count == 0) throw new CriaException("no length or no task is named; name at least one of each");
        this.options = options;
        this.tokenizer = tokenizer;
        this.template = options.IsChat ? template : null;
        string[] words = options.Tasks.Any(task => task.NeedsEssays) ? [.. essays.SelectMany(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))] : [];
        if (words.Length == 0 && options.Tasks.FirstOrDefault(task => task.NeedsEssays) is { } needy)
            throw new CriaException($"{needy.Name} hides its needles in essays; name a folder of .txt files with --haystack-dir, or choose other tasks");
        context = new RulerContext(words, text => tokenizer.Encode(text).Length);
    }

    /// <summary>A sample. Safe for concurrent use.</summary>
    /// <exception cref="CriaException">The task does not fit the length.</exception>
    public RulerSample Make(RulerTask task, int length, int index)
    {
        ArgumentNullException.ThrowIfNull(task);
        int most = units.GetOrAdd((task.Name, length), _ => MostUnits(task, length));
        for (int count = most; ; count = Math.Max(Least(task), count - Math.Min(task.Step(length), Math.Max(1, count / 10))))
        {
            RulerText text = Text(task, count, index);
            int[] prompt = Encode(text);
            if (prompt.Length + task.TokensToGenerate <= length) return new RulerSample(new RulerCell(task.Name, length, index), prompt, text.Outputs, task.TokensToGenerate);
            if (count <= Least(task)) throw DoesNotFit(task, length, prompt.Length);
        }
    }

    /// <summary>The most units of haystack with which the first sample fits.</summary>
    private int MostUnits(RulerTask task, int length)
    {
        int low = Least(task);
        if (Size(low) > length) throw DoesNotFit(task, length, Size(low) - task.TokensToGenerate);
        int high = low + 1;
        while (Size(high) <= length)
        {
            low = high;
            high *= 2;
        }
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2;
            if (Size(middle) <= length) low = middle;
            else high = middle;
        }
        return low;

        int Size(int count) => Encode(Text(task, count, 0)).Length + task.TokensToGenerate;
    }

    private static int Least(RulerTask task) => task is VariableTask variables ? variables.HopCount + 1 : 8;

    private RulerText Text(RulerTask task, int count, int index) => task.Make(count, new RulerDice(options.Seed, ((ulong)IndexOf(task) << 32) | (uint)index), context);

    private static int IndexOf(RulerTask task)
    {
        for (int i = 0; i < RulerTask.All.Count; i++)
            if (RulerTask.All[i].Name == task.Name) return i;
        return RulerTask.All.Count;
    }

    private int[] Encode(RulerText text) => template is null
        ? tokenizer.Encode(text.Input + text.AnswerPrefix, tokenizer.AddsBos)
        : [.. template.Render([new ChatTurn("user", text.Input)]).Encode(tokenizer), .. tokenizer.Encode(text.AnswerPrefix)];

    private static CriaException DoesNotFit(RulerTask task, int length, int tokens) =>
        new($"{task.Name} does not fit in {length} tokens: with the shortest haystack its prompt has {tokens}, and the answer may have {task.TokensToGenerate}; choose a longer one");
}
