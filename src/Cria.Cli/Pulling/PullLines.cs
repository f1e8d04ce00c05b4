using System.Diagnostics;
using Cria.Hub;

namespace Cria.Cli.Pulling;

/// <summary>Tells of a pull in lines, for logs: at the start, every tenth part or half minute, at the end.</summary>
internal sealed class PullLines : IProgress<PullProgress>
{
    private const int Steps = 10;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly PullPlan plan;
    private readonly TextWriter output;
    private readonly TransferSpeed speed = new();
    private readonly Lock writing = new();
    private long nextStep, lastTime = Stopwatch.GetTimestamp();

    /// <summary>Prints the first line.</summary>
    public PullLines(PullPlan plan, TextWriter output)
    {
        (this.plan, this.output) = (plan, output);
        long here = plan.Model.Bytes - plan.MissingBytes;
        nextStep = Step(here) + 1;
        output.WriteLine($"pulling {plan.Name}: {Quantity.Exact(plan.Model.Files.Count)} {(plan.Model.Files.Count == 1 ? "file" : "files")}, {Quantity.Bytes(plan.Model.Bytes)}{(here > 0 ? $", {Quantity.Bytes(here)} of it already here" : "")}");
    }

    /// <inheritdoc/>
    public void Report(PullProgress value)
    {
        lock (writing)
        {
            speed.Note(value.FetchedBytes);
            if (value.Stage == PullStage.Waiting) output.WriteLine($"waiting for another process that fetches {value.File}");
            if (value.DoneBytes == value.TotalBytes || (Step(value.DoneBytes) < nextStep && Stopwatch.GetElapsedTime(lastTime) < Silence)) return;
            nextStep = Step(value.DoneBytes) + 1;
            lastTime = Stopwatch.GetTimestamp();
            output.WriteLine(FormattableString.Invariant($"{value.DoneBytes * 100 / Math.Max(1, value.TotalBytes),3}%  {speed.Describe(value.DoneBytes, value.TotalBytes)}"));
        }
    }

    /// <summary>Prints the last line.</summary>
    public void Finish(TimeSpan time) => output.WriteLine(PullDisplay.Summary(plan, time));

    private long Step(long bytes) => bytes * Steps / Math.Max(1, plan.Model.Bytes);
}
