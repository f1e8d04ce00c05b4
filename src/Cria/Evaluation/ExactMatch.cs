using Cria.Tensors;

namespace Cria.Evaluation;

/// <summary>What a model said to a question.</summary>
/// <param name="Question">The question.</param>
/// <param name="Said">The model's answer.</param>
public sealed record ExactResult(ExactQuestion Question, string Said)
{
    /// <summary>True when it is the right answer, space around it aside.</summary>
    public bool IsRight => Said.Trim() == Question.Answer.Trim();
}

/// <summary>Scores greedy answers by exact match; many questions are computed at once.</summary>
public static class ExactMatch
{
    /// <summary>Answers every question; the results stand in the questions' order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="questions">The questions.</param>
    /// <param name="parallel">Questions in hand at a time; the model should be loaded for as many.</param>
    /// <param name="progress">Hears how many are answered.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="CriaException">A question does not fit the model's context.</exception>
    public static async Task<IReadOnlyList<ExactResult>> RunAsync(LanguageModel model, IReadOnlyList<ExactQuestion> questions, int parallel = 16, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(questions);
        var results = new ExactResult[questions.Count];
        int done = 0;
        await Parallel.ForAsync(0, questions.Count, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken }, async (i, cancelled) =>
        {
            ExactQuestion question = questions[i];
            // Room for a wrong answer that is longer than the right one, but not for one without end.
            var options = new GenerationOptions { Temperature = 0, MaxTokens = model.Tokenize(question.Answer, addBos: false).Length + 16 };
            Answer answer = await model.ChatAsync(question.Turns, options, cancellationToken: cancelled).ToAnswerAsync(cancelled).ConfigureAwait(false);
            results[i] = new ExactResult(question, answer.Text);
            progress?.Report(Interlocked.Increment(ref done));
        }).ConfigureAwait(false);
        return results;
    }
}
