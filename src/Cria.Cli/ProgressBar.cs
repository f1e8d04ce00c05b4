using System.Runtime.ExceptionServices;
using Cria.Packing;
using Spectre.Console;

namespace Cria.Cli;

/// <summary>Shows how far long work has come, with the time left, where a person looks on; elsewhere it shows nothing.</summary>
internal static class ProgressBar
{
    /// <summary>Runs the work under a bar with this title.</summary>
    public static void Run(Terminal terminal, string title, Action<IProgress<TensorProgress>?> work)
    {
        if (!terminal.ErrorIsTerminal)
        {
            work(null);
            return;
        }
        ExceptionDispatchInfo? failure = null;
        terminal.ErrorConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask bar = context.AddTask(Markup.Escape(title));
                try
                {
                    work(new Reports(bar));
                }
                catch (Exception thrown)
                {
                    // The bar must be taken off the screen before the message is printed.
                    failure = ExceptionDispatchInfo.Capture(thrown);
                }
            });
        failure?.Throw();
    }

    private sealed class Reports(ProgressTask bar) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value)
        {
            bar.MaxValue = Math.Max(value.TotalElements, 1);
            bar.Value = value.DoneElements;
        }
    }
}
