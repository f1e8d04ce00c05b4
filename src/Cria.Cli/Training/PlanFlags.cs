using System.CommandLine;
using Cria.Cli.Options;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Kernels;
using Cria.Training.Planning;

namespace Cria.Cli.Training;

/// <summary>The options of <c>cria train --plan</c>: for what machines.</summary>
internal sealed class PlanFlags
{
    public readonly Option<bool> Plan = new("--plan") { Description = "Do not train: print what a step needs and how long it takes. --model may be 1B, 3B, 8B, 70B or 405B." };
    private readonly Option<long?> ranks = Numbers.Integer("--ranks", [], "N", "GPUs or hosts to plan for; by default those of --ring, --replicas and --ulysses.", 1, 1 << 24);
    private readonly Option<string?> device = new("--device") { HelpName = "NAME", Description = $"What each is: {string.Join(", ", PlannedMachine.Known.Select(machine => machine.Name))} or 'this' (default), which is measured. What follows replaces its figures." };
    private readonly Option<double?> speed = Numbers.Real("--tflops", "X", "Highest speed of products, in 10¹² operations a second.", 1e-6);
    private readonly Option<double?> efficiency = Numbers.Real("--efficiency", "X", "The share of it that is reached (default 0.4 of a GPU, 0.5 of this machine).", 1e-3, 1);
    private readonly Option<double?> memory = Numbers.Real("--memory-gb", "X", "Memory of each, in GiB.", 1e-3);
    private readonly Option<double?> hostLink = Numbers.Real("--host-link", "X", "From one to its neighbour inside a host, in GB/s one way.", 1e-6);
    private readonly Option<double?> network = Numbers.Real("--network", "X", "From one host to the next, in GB/s one way.", 1e-6);
    private readonly Option<long?> perHost = Numbers.Integer("--ranks-per-host", [], "N", "How many share a host.", 1, 1 << 16);
    private readonly Option<bool> shardWeights = new("--shard-weights") { Description = "Plan with weights and gradients spread over the ranks too, as others train (cria spreads the optimizer alone)." };

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Verb verb) => verb.Add("Planning", Plan, ranks, device, speed, efficiency, memory, hostLink, network, perHost, shardWeights);

    public int? Ranks(ParseResult parsed) => (int?)parsed.GetValue(ranks);

    public bool ShardsWeights(ParseResult parsed) => parsed.GetValue(shardWeights);

    /// <summary>The model: a size by name, or a file.</summary>
    public static ModelShape Model(string name)
    {
        if (ModelShape.Known.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known) return known;
        if (!Path.Exists(name)) throw new CriaException($"{name} is neither a model's file nor a size ({string.Join(", ", ModelShape.Known.Select(shape => shape.Name))}); check the name");
        using ITensorSource source = ModelSource.Open(name);
        return new ModelShape(Path.GetFileName(name), LlamaConfig.From(source), !source.TryGet("output.weight", out _));
    }

    /// <summary>The machine with what was given in place of its own figures.</summary>
    public PlannedMachine Machine(ParseResult parsed)
    {
        string name = parsed.GetValue(device) ?? "this";
        PlannedMachine machine = name == "this" ? ThisMachine(measures: parsed.GetValue(speed) is null)
            : PlannedMachine.Known.FirstOrDefault(known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new CriaException($"no device is called '{name}'; choose {string.Join(", ", PlannedMachine.Known.Select(known => known.Name))} or this, and give its figures");
        return machine with
        {
            OperationsPerSecond = parsed.GetValue(speed) * 1e12 ?? machine.OperationsPerSecond,
            Efficiency = parsed.GetValue(efficiency) ?? machine.Efficiency,
            MemoryBytes = parsed.GetValue(memory) is { } size ? (long)(size * (1L << 30)) : machine.MemoryBytes,
            HostBytesPerSecond = parsed.GetValue(hostLink) * 1e9 ?? machine.HostBytesPerSecond,
            NetworkBytesPerSecond = parsed.GetValue(network) * 1e9 ?? machine.NetworkBytesPerSecond,
            RanksPerHost = (int)(parsed.GetValue(perHost) ?? machine.RanksPerHost),
        };
    }

    /// <summary>A process of this machine: one thread, floats, messages through memory at what Open MPI does here.</summary>
    private static PlannedMachine ThisMachine(bool measures) =>
        new("this machine, a thread a rank", measures ? 2 * MachineLimits.Measure(1).FloatMultiplyAddsPerSecond : 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Math.Max(1, Environment.ProcessorCount), 1.6e9, 0.1e9, Environment.ProcessorCount)
        {
            ElementBytes = 4,
            Efficiency = 0.5,
        };
}
