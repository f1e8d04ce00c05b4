using System.CommandLine;
using System.Globalization;
using Cria.Training.Planning;
using Cria.Training.Ranks;

namespace Cria.Cli.Training;

/// <summary>What <c>cria train --plan</c> prints: a line for each stage, or for the one run.</summary>
internal sealed class PlanReport(TrainFlags flags, PlanFlags planned, Terminal terminal)
{
    /// <summary>Plans each run and prints the table.</summary>
    public void Write(string modelName, IReadOnlyList<(string Name, ParseResult Options)> runs)
    {
        ModelShape model = PlanFlags.Model(modelName);
        PlannedMachine machine = planned.Machine(runs[0].Options);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: {Quantity.Count(model.Weights)} weights. {machine.Name}: {machine.OperationsPerSecond / 1e12:G4} TFLOPS at {Quantity.Share(machine.Efficiency)}, {machine.ElementBytes} bytes a number, {Quantity.Bytes(machine.MemoryBytes)}, {machine.HostBytesPerSecond / 1e9:G3} GB/s inside a host of {machine.RanksPerHost}, {machine.NetworkBytesPerSecond / 1e9:G3} GB/s between hosts"));
        var rows = new List<string[]>();
        var remarks = new List<string>();
        foreach ((string name, ParseResult options) in runs)
        {
            PlannedWork work = flags.Work(options) with { ShardsWeights = planned.ShardsWeights(options) };
            RankLayout layout = flags.Layout(options, 1);
            TrainingPlan plan = planned.Ranks(options) is { } ranks && layout.Count != ranks ? TrainingPlan.Best(model, work, machine, ranks, layout.Ulysses) : TrainingPlan.For(model, work, machine, layout);
            rows.Add(
            [
                name, Text($"{work.Context}"), Text($"{plan.Layout.Count}"), plan.Layout.ToString(), Quantity.Count(work.Tokens), Quantity.Bytes(plan.MemoryBytes), Quantity.Bytes((long)plan.RingBytes), Quantity.Bytes((long)plan.OtherBytes),
                plan.Layout.Ring == 1 ? "-" : plan.ShiftShare <= 1 ? Text($"yes ({Quantity.Share(plan.ShiftShare)})") : Text($"no ({plan.ShiftShare:F1} ×)"),
                Duration(plan.ComputeSeconds), Duration(plan.RingWaitSeconds + plan.OtherSeconds), Duration(plan.Seconds), flags.Steps(options) is { } steps ? Duration(plan.Seconds * steps) : "-",
            ]);
            if (plan.MemoryBytes > machine.MemoryBytes)
                remarks.Add($"{name}: a rank needs {Quantity.Bytes(plan.MemoryBytes)} and has {Quantity.Bytes(machine.MemoryBytes)}; {(plan.Layout.Ring * plan.Layout.Ulysses < plan.Layout.Count ? "longer rings" : "more ranks")}{(work.Recompute ? "" : ", --recompute")} or a smaller batch help with activations, --shard-weights with weights");
        }
        TextTable.Write(terminal, ["run", "context", "ranks", "layout", "tokens a step", "memory a rank", "ring", "other traffic", "ring hidden", "computing", "waiting", "a step", "all steps"], rows, rightAligned: -1);
        foreach (string remark in remarks) terminal.Out.WriteLine(remark);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Duration(double seconds) => seconds switch
    {
        < 1 => Text($"{1000 * seconds:F0} ms"),
        < 100 => Text($"{seconds:F1} s"),
        < 6000 => Text($"{seconds / 60:F1} min"),
        _ => Text($"{seconds / 3600:F1} h"),
    };
}
