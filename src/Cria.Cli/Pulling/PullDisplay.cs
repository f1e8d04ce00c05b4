using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Cria.Hub;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cria.Cli.Pulling;

/// <summary>Shows a pull on standard error: a bar with speed and time left on a terminal, else a line now and then.</summary>
internal static class PullDisplay
{
    /// <summary>Pulls and returns the path to open.</summary>
    public static async Task<string> PullAsync(ModelHub hub, PullPlan plan, Terminal terminal, CancellationToken cancellationToken)
    {
        if (plan.MissingBytes == 0) return await hub.PullAsync(plan, null, cancellationToken).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        if (!terminal.ErrorIsTerminal)
        {
            var lines = new PullLines(plan, terminal.Error);
            string path = await hub.PullAsync(plan, lines, cancellationToken).ConfigureAwait(false);
            lines.Finish(Stopwatch.GetElapsedTime(started));
            return path;
        }
        string? pulled = null;
        var speed = new SpeedColumn();
        ExceptionDispatchInfo? failure = null;
        await terminal.ErrorConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), speed)
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(plan.Name.ToString()));
                try
                {
                    pulled = await hub.PullAsync(plan, new Bar(plan, task, speed), cancellationToken).ConfigureAwait(false);
                }
                catch (Exception thrown)
                {
                    // The bar must be taken off the screen before the message is printed.
                    failure = ExceptionDispatchInfo.Capture(thrown);
                }
            }).ConfigureAwait(false);
        failure?.Throw();
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        terminal.Error.WriteLine(terminal.OnError(Summary(plan, time), Ink.Faint));
        return pulled!;
    }

    /// <summary>What was done, in a line.</summary>
    public static string Summary(PullPlan plan, TimeSpan time) =>
        $"pulled {Quantity.Bytes(plan.MissingBytes)} in {TransferSpeed.Time(time.TotalSeconds)} ({Quantity.Bytes((long)(plan.MissingBytes / Math.Max(time.TotalSeconds, 1e-3)))}/s)";

    private sealed class Bar : IProgress<PullProgress>
    {
        private readonly PullPlan plan;
        private readonly ProgressTask task;
        private readonly SpeedColumn column;
        private readonly TransferSpeed speed = new();
        private readonly Lock drawing = new();

        public Bar(PullPlan plan, ProgressTask task, SpeedColumn column)
        {
            (this.plan, this.task, this.column) = (plan, task, column);
            task.MaxValue = Math.Max(1, plan.Model.Bytes);
        }

        public void Report(PullProgress value)
        {
            lock (drawing)
            {
                speed.Note(value.FetchedBytes);
                task.Value = value.DoneBytes;
                column.Text = speed.Describe(value.DoneBytes, value.TotalBytes);
                string what = value.Stage switch
                {
                    PullStage.Waiting => $"waiting for another process with {value.File}",
                    PullStage.Checking when value.DoneBytes == value.TotalBytes => $"checking {value.File}",
                    _ when value.TotalFiles > 1 => FormattableString.Invariant($"{plan.Name}, {value.DoneFiles} of {value.TotalFiles} files"),
                    _ => plan.Name.ToString(),
                };
                task.Description = Markup.Escape(what);
            }
        }
    }

    private sealed class SpeedColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(Text);
    }
}
