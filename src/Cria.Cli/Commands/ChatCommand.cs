using System.CommandLine;
using Cria.Cli.Conversation;
using Cria.Cli.Options;

namespace Cria.Cli.Commands;

/// <summary><c>cria chat</c>: a conversation.</summary>
internal static class ChatCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, Interruption interruption)
    {
        var model = new ModelOptions();
        var sampling = new SamplingFlags();
        var system = new Option<string?>("--system") { HelpName = "TEXT", Description = "The system message: how the model should answer." };
        var stats = new Option<bool>("--stats") { Description = "Say after each answer what it cost." };
        var verb = new Verb("chat", "Talk with a model.")
        {
            Details = "What was said is not computed again at the next turn. Type /help for the commands inside; Ctrl-C stops an answer, Ctrl-D leaves. "
                + "With standard input from a pipe every line is a message.",
        };
        verb.Add("Conversation", system, stats);
        model.AddTo(verb);
        sampling.AddTo(verb);
        verb.Example("cria chat -m llama.gguf", "Talk.");
        verb.Example("cria chat -m llama.gguf --system 'You are a pirate.' -c 8192", "With a system message, in a context of 8192 tokens.");
        verb.Example("cria chat -m llama.gguf < questions.txt", "One answer a line of the file, all in one conversation.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            GenerationOptions options = sampling.Read(parsed);
            using LanguageModel loaded = model.Load(parsed, terminal, cancellationToken);
            await new ChatLoop(loaded, parsed.GetValue(system), options, parsed.GetValue(stats), terminal, interruption).RunAsync().ConfigureAwait(false);
            return ExitCode.Success;
        });
        return verb;
    }
}
