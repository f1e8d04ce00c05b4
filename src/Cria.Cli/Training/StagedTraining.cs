using System.Globalization;
using Cria.Packing;
using Cria.Tensors;
using Cria.Training.Checkpoints;
using Cria.Training.Ranks;

namespace Cria.Cli.Training;

/// <summary>Progressive training: one run after another, each from the model that the one before has left. What is finished is passed over when it is resumed.</summary>
internal sealed class StagedTraining(IReadOnlyList<TrainStage> stages, TrainFlags flags, Terminal terminal, ICollectives? world)
{
    /// <summary>Trains all stages, or until it is cancelled. Stage k has the folder <c>FOLDER/k-name</c>.</summary>
    public void Run(string model, string folder, bool resumes, CancellationToken cancellationToken)
    {
        string[] folders = [.. stages.Select(stage => Path.Combine(folder, $"{stage.Number}-{stage.Name}"))];
        if (!resumes && folders.FirstOrDefault(Directory.Exists) is { } old) throw new CriaException($"{old} holds a stage already; go on with --resume, or choose another folder");
        foreach (TrainStage stage in stages)
        {
            string own = folders[stage.Number - 1], checkpoint = TrainRun.CheckpointPath(own);
            bool begun = resumes && File.Exists(checkpoint);
            long steps = flags.Steps(stage.Options)!.Value;
            if (flags.Lora(stage.Options) is not null) throw new CriaException($"stage {stage.Number} learns an adapter, but the next begins with a model; leave out the LoRA options");
            string title = string.Create(CultureInfo.InvariantCulture, $"stage {stage.Number} of {stages.Count}, {stage.Name}");
            if (begun && Checkpoint.ReadState(checkpoint).Step >= steps && File.Exists(TrainRun.ModelPath(own)))
            {
                terminal.Error.WriteLine(terminal.OnError($"{title}: done", Ink.Faint));
            }
            else
            {
                terminal.Error.WriteLine(terminal.OnError(string.Create(CultureInfo.InvariantCulture, $"{title}: {steps} steps{(flags.Context(stage.Options) is { } context ? $" at a context of {context}" : "")}"), Ink.Strong));
                var session = new TrainSession(flags, stage.Options, terminal)
                {
                    Model = model,
                    Folder = own,
                    // Rounding between stages would be learnt from; only what comes out at the end is stored as asked.
                    Type = FileType.Parse(stage.Number == stages.Count ? stage.Options.GetValue(flags.Type) ?? "F32" : "F32"),
                    Resumes = begun,
                    World = world,
                };
                if (!session.Run(cancellationToken)) return;
                terminal.Out.Flush();
            }
            model = TrainRun.ModelPath(own);
        }
    }
}
