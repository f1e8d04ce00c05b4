using System.CommandLine;
using System.Diagnostics;
using Cria.Chat;
using Cria.Cli.Options;
using Cria.Generation;
using Cria.Tensors;

namespace Cria.Cli.Commands;

/// <summary><c>cria run</c>: one prompt, one answer.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string?>("prompt") { HelpName = "PROMPT", Arity = ArgumentArity.ZeroOrOne, Description = "What to answer; - or nothing reads standard input." };
        var model = new ModelOptions();
        var sampling = new SamplingFlags();
        var system = new Option<string?>("--system") { HelpName = "TEXT", Description = "The system message: how the model should answer." };
        var raw = new Option<bool>("--raw") { Description = "Go on with the text itself, without the model's chat template." };
        var special = new Option<bool>("--special") { Description = "With --raw: read special tokens such as <|eot_id|> in the text as tokens." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object at the end: text, token counts, timings, why it ended." };
        var stats = new Option<bool>("--stats") { Description = "Say on standard error what the answer cost, also where that is no terminal." };
        var promptCache = new PromptCache();
        var verb = new Verb("run", "Answer one prompt.");
        verb.Arguments.Add(prompt);
        verb.Add("Prompt and output", [system, raw, special, .. promptCache.All, json, stats]);
        model.AddTo(verb);
        sampling.AddTo(verb);
        verb.Example("cria run -m llama.gguf 'Why is the sky blue?'", "The answer appears as it is written.");
        verb.Example("cria run -m llama.gguf --system 'Answer in French.' -n 100 - < question.txt", "The prompt from a file, at most 100 tokens.");
        verb.Example("cria run -m llama.gguf --raw --temp 0 'The capital of Peru is'", "Goes on with the text, always with the likeliest token.");
        verb.Example("cria run -m llama.gguf --prompt-cache book.kv - < book-and-question.txt", "The book is computed the first time only; further questions after the same text come at once.");
        verb.Example("cria run -m llama.gguf --json 'Hi' | jq .tokens.generated", "For programs.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            bool isRaw = parsed.GetValue(raw);
            string? instruction = parsed.GetValue(system);
            if (isRaw && instruction is not null) throw new UsageException("--system has no place in a raw prompt; leave out --raw or --system");
            if (!isRaw && parsed.GetValue(special)) throw new UsageException("--special goes with --raw only; a chat template writes the special tokens itself");
            GenerationOptions options = sampling.Read(parsed);
            string text = PromptText.Read(parsed.GetValue(prompt), "PROMPT", terminal);
            if (text.Length == 0) throw new CriaException("the prompt is empty; give it in quotes, or - and a text on standard input");
            long started = Stopwatch.GetTimestamp();
            using LanguageModel loaded = model.Load(parsed, terminal, cancellationToken);
            TimeSpan loadTime = Stopwatch.GetElapsedTime(started);
            if (terminal.ErrorIsTerminal && DefaultModel.Is(loaded.Path))
                terminal.Error.WriteLine(terminal.OnError("No model is named: cria-tiny answers, a demonstration of 3 million weights. Name a Llama 3 with -m.", Ink.Faint));
            int[] tokens = isRaw ? loaded.Tokenize(text, parseSpecial: parsed.GetValue(special)) : loaded.ToPrompt(Messages(instruction, text));
            TimeSpan? cacheTime = await promptCache.LoadAsync(parsed, loaded, terminal).ConfigureAwait(false);
            TextStream stream = loaded.GenerateAsync(tokens, options, cancellationToken);
            if (parsed.GetValue(json))
            {
                WriteJson(await stream.ToAnswerAsync(cancellationToken).ConfigureAwait(false), loaded, loadTime, cacheTime, terminal);
                await promptCache.SaveAsync(parsed, loaded, tokens, stream.Usage, terminal, cancellationToken).ConfigureAwait(false);
                return ExitCode.Success;
            }
            await AnswerPrinter.PrintAsync(stream, terminal).ConfigureAwait(false);
            await promptCache.SaveAsync(parsed, loaded, tokens, stream.Usage, terminal, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(stats) || (terminal.OutputIsTerminal && terminal.ErrorIsTerminal))
                terminal.Error.WriteLine(terminal.OnError(AnswerStatistics.Line(stream.Usage, stream.FinishReason ?? FinishReason.Cancelled), Ink.Faint));
            return ExitCode.Success;
        });
        return verb;
    }

    private static ChatTurn[] Messages(string? system, string text) =>
        system is null ? [new ChatTurn("user", text)] : [new ChatTurn("system", system), new ChatTurn("user", text)];

    private static void WriteJson(Answer answer, LanguageModel model, TimeSpan loadTime, TimeSpan? cacheTime, Terminal terminal) => JsonLine.Write(terminal.Out, indented: false, json =>
    {
        json.WriteStartObject();
        json.WriteString("model", model.Name);
        json.WriteString("text", answer.Text);
        json.WriteString("stopText", answer.StopText);
        json.WriteNumber("seed", answer.Seed);
        AnswerStatistics.Write(json, answer.Usage, answer.FinishReason, loadTime);
        if (cacheTime is { } time) json.WriteNumber("promptCacheSeconds", Math.Round(time.TotalSeconds, 4));
        json.WriteEndObject();
    });
}
