using System.CommandLine;
using System.Globalization;
using Cria.Cli.Pulling;
using Cria.Extension;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli.Extending;

/// <summary>Extends a model as asked and tells what changed.</summary>
internal static class ExtendRun
{
    /// <summary>Plans, writes where a name was given, and prints the result.</summary>
    public static void Write(ExtendFlags flags, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        ExtensionOptions options = flags.Read(parsed);
        string input = NamedModel.Locate(flags.Model(parsed), terminal, cancellationToken);
        Write(input, flags.Output(parsed), options, flags.AsJson(parsed), terminal, cancellationToken);
    }

    /// <summary>The same for a model that is found already.</summary>
    public static void Write(string input, string? output, ExtensionOptions options, bool asJson, Terminal terminal, CancellationToken cancellationToken)
    {
        RotaryPlan plan;
        int headSize;
        using (ITensorSource source = ModelSource.Open(input))
        {
            plan = RotaryPlan.For(source, options);
            headSize = LlamaConfig.From(source).HeadSize;
        }
        if (output is not null) ProgressBar.Run(terminal, "extending", progress => ModelExtension.Write(input, output, plan, progress, cancellationToken));
        if (asJson) PrintJson(plan, options, output, terminal);
        else Print(plan, headSize, options, output, terminal);
    }

    private static void Print(RotaryPlan plan, int headSize, ExtensionOptions options, string? output, Terminal terminal)
    {
        Row("context", $"{Quantity.Exact(plan.TrainedContext)} → {Quantity.Exact(plan.Context)} tokens");
        Row("rule", Rule(plan, options));
        if (plan.Replaces != RopeRule.None) Row("replaces", $"the model's {plan.Replaces.ToString().ToLowerInvariant()} scaling");
        if (plan.Stages.Count > 1)
            foreach (RotaryStage stage in plan.Stages) Row("stage", $"{Quantity.Exact(stage.From)} → {Quantity.Exact(stage.To)}: θ {Real(stage.Theta)}");
        Row("theta", $"{Real(plan.OldTheta)} → {Real(plan.Theta)}");
        if (output?.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) == true && (float)plan.Theta != plan.Theta) Row("as stored", $"{Real((float)plan.Theta)} (GGUF keeps 32 bits)");
        int critical = RotaryBase.CriticalDimension(plan.OldTheta, plan.TrainedContext, headSize);
        Row("critical dim", string.Create(CultureInfo.InvariantCulture, $"{critical} of {headSize}: features that turned at least once in training"));
        if (output is not null) Row("written", $"{output}, {Quantity.Bytes(Size(output))}");
        else terminal.Out.WriteLine("Nothing is written; name a result with --output.");

        void Row(string name, string value) => terminal.Out.WriteLine($"{terminal.OnOutput(name.PadRight(13), Ink.Faint)} {value}");
    }

    private static string Rule(RotaryPlan plan, ExtensionOptions options) => options.Rule switch
    {
        ExtensionRule.DynamicNtk => $"dynamic NTK, factor {Real(options.Factor ?? GradientSchedule.Factor)}",
        ExtensionRule.Ntk => options.Factor is { } factor ? $"NTK-aware, factor {Real(factor)}" : "NTK-aware, factor as the contexts'",
        ExtensionRule.CriticalBase => "critical base",
        ExtensionRule.Base => "the base given",
        ExtensionRule rule => $"{rule.ToString().ToLowerInvariant()}, factor {Real(plan.Scaling.Factor)}",
    };

    private static void PrintJson(RotaryPlan plan, ExtensionOptions options, string? output, Terminal terminal) => JsonLine.Write(terminal.Out, indented: false, json =>
    {
        json.WriteStartObject();
        json.WriteString("rule", options.Rule.ToString());
        json.WriteNumber("trained_context", plan.TrainedContext);
        json.WriteNumber("context", plan.Context);
        json.WriteNumber("old_theta", plan.OldTheta);
        json.WriteNumber("theta", plan.Theta);
        json.WriteNumber("stretch", plan.Scaling.Factor);
        json.WriteStartArray("stages");
        foreach (RotaryStage stage in plan.Stages)
        {
            json.WriteStartObject();
            json.WriteNumber("from", stage.From);
            json.WriteNumber("to", stage.To);
            json.WriteNumber("theta", stage.Theta);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (output is not null) json.WriteString("output", output);
        json.WriteEndObject();
    });

    private static string Real(double value) => value.ToString(Math.Abs(value) >= 1e6 ? "#,0.####" : "0.######", CultureInfo.InvariantCulture);

    private static long Size(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path).Sum(file => new FileInfo(file).Length) : new FileInfo(path).Length;
}
