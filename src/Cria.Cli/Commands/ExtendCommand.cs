using System.CommandLine;
using Cria.Cli.Extending;
using Cria.Extension;

namespace Cria.Cli.Commands;

/// <summary><c>cria extend</c>: a model with a longer context.</summary>
internal static class ExtendCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var flags = new ExtendFlags();
        var search = new SearchFlags();
        var verb = new Verb("extend", "Give a model a longer context.")
        {
            Details = "Changes how positions are turned to angles, and no weight: the rotary base by a rule, or the stretching of positions. "
                + "A model reads a few times its trained context that way; further it needs training at the new length ('cria train'). Without --output the result is only told.",
        };
        flags.AddTo(verb);
        search.AddTo(verb);
        verb.Example("cria extend -m llama-3-8b.gguf -c 65536 -o llama-3-8b-65k.gguf", "Dynamic NTK with factor 4, as the Gradient model cards have it: base 15,296,098.");
        verb.Example("cria extend -m llama-3-8b.gguf -c 262144 --stages 65536 -o llama-3-8b-262k.gguf", "The same through 65536 tokens: base 207,112,190.");
        verb.Example("cria extend -m Meta-Llama-3-8B -c 32768 --rule yarn -o Meta-Llama-3-8B-32k", "YaRN, from folder to folder.");
        verb.Example("cria extend -m llama-3-8b.gguf -c 65536 --search -d books/ --plot search.svg -o llama-3-8b-65k.gguf", "The base with which the model foresees long books best.");
        verb.Example("cria extend --schedule gradient", "The bases of the model cards, by rule and as published.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            if (flags.WantsSchedule(parsed)) ScheduleTable.Print(GradientSchedule.Table, flags.AsJson(parsed), terminal);
            else if (search.IsAsked(parsed)) SearchRun.Run(flags, search, parsed, terminal, cancellationToken);
            else ExtendRun.Write(flags, parsed, terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
