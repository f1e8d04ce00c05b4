using System.CommandLine;
using Cria.Cli.Training;
using Cria.Packing;

namespace Cria.Cli.Commands;

/// <summary><c>cria train</c>: teach a model.</summary>
internal static class TrainCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var flags = new TrainFlags();
        var verb = new Verb("train", "Teach a model from text and conversations.")
        {
            Details = "Documents are packed into rows; none sees another. In conversations only the assistant's words are learnt, of {\"prompt\", \"completion\"} only the completion. Ctrl-C saves and stops; --resume goes on as if nothing had happened. "
                + "Memory: 16 bytes a weight, and what a batch needs on its way; the first line tells how much.",
        };
        flags.AddTo(verb);
        var planned = new PlanFlags();
        planned.AddTo(verb);
        verb.Example("cria train -m new.gguf -d chats.jsonl -o run --steps 2000 --learning-rate 1e-3 --warmup 100", "A model from 'cria new', from its first step.");
        verb.Example("cria train -m llama.gguf -d chats.jsonl --validation-share 0.05 -o run --epochs 3 --learning-rate 2e-5", "Go on teaching a model that knows something.");
        verb.Example("cria train -m llama.gguf -d chats.jsonl -o style --lora-rank 16 --learning-rate 2e-4", "A LoRA adapter, for 'cria run -m llama.gguf --lora style'.");
        verb.Example("cria train --config run.json --resume", "Options from a file, after an interruption.");
        verb.Example("cria train --stages stages.json --resume", "From short to long contexts, see docs/stages; what is finished is passed over.");
        verb.Example("mpirun -np 4 cria train -m llama.gguf -d long.jsonl -o run -c 65536 --ring 2 --replicas 2", "Two rings of two processes that share each sequence.");
        verb.Example("cria train --plan -m 8B -c 262144 --batch 1 --ranks 32 --device h100 --recompute", "What a step would need and how long it would take.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            Train(flags, planned, verb, flags.WithConfig(parsed, verb), terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Train(TrainFlags flags, PlanFlags planned, Verb verb, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        List<TrainStage>? stages = parsed.GetValue(flags.Stages) is { } file ? StageFile.Read(file, parsed, verb, flags) : null;
        ParseResult first = stages?[0].Options ?? parsed;
        string model = first.GetValue(flags.Model) ?? throw new UsageException("--model is missing: the model that training begins with; 'cria new' makes one");
        if (parsed.GetValue(planned.Plan))
        {
            new PlanReport(flags, planned, terminal).Write(model, stages is null ? [("run", parsed)] : [.. stages.Select(stage => (stage.Name, stage.Options))]);
            return;
        }
        string folder = first.GetValue(flags.Output) ?? throw new UsageException("--output is missing: the folder for the model and the checkpoint");
        bool resumes = first.GetValue(flags.Resume);
        RankScope.Run(terminal, (world, shown) =>
        {
            if (stages is not null) new StagedTraining(stages, flags, shown, world).Run(model, folder, resumes, cancellationToken);
            else new TrainSession(flags, parsed, shown) { Model = model, Folder = folder, Type = FileType.Parse(parsed.GetValue(flags.Type) ?? "F32"), Resumes = resumes, World = world }.Run(cancellationToken);
        });
    }
}
