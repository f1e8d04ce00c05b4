using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Training.Reports;

/// <summary>One line of a run's log.</summary>
/// <param name="Step">Step, from 1.</param>
/// <param name="Tokens">Tokens computed so far.</param>
/// <param name="Loss">Mean loss of the step, in nats a token.</param>
/// <param name="ValidationLoss">Loss on the validation data, where it was measured after this step.</param>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="GradientNorm">Length of the gradient before clipping.</param>
/// <param name="TokensPerSecond">Speed of the step.</param>
public sealed record LogEntry(long Step, long Tokens, double Loss, double? ValidationLoss, double LearningRate, double GradientNorm, double TokensPerSecond);

/// <summary>The log of a run as a CSV file, one line a step. A resumed run goes on after the step of its checkpoint; what came later is taken off.</summary>
public sealed class TrainingLog : IDisposable
{
    private const string Header = "step,tokens,loss,validation_loss,learning_rate,gradient_norm,tokens_per_second";

    private readonly string path;
    private readonly List<LogEntry> entries = [];
    private readonly StreamWriter writer;

    /// <summary>Opens the log at <paramref name="path"/> and keeps its lines up to <paramref name="lastStep"/>. Throws <see cref="CriaException"/> when it cannot be written.</summary>
    public TrainingLog(string path, long lastStep)
    {
        this.path = path;
        try
        {
            if (lastStep > 0 && File.Exists(path)) entries.AddRange(File.ReadLines(path).Skip(1).Select(Parse).TakeWhile(entry => entry is not null && entry.Step <= lastStep)!);
            writer = new StreamWriter(path, append: false, new UTF8Encoding(false));
            writer.WriteLine(Header);
            foreach (LogEntry entry in entries) writer.WriteLine(Line(entry));
            writer.Flush();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(failure);
        }
    }

    /// <summary>All lines.</summary>
    public IReadOnlyList<LogEntry> Entries => entries;

    /// <summary>Adds a line, which is in the file at once.</summary>
    public void Add(LogEntry entry)
    {
        entries.Add(entry);
        try
        {
            writer.WriteLine(Line(entry));
            writer.Flush();
        }
        catch (IOException failure)
        {
            throw Failed(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            writer.Dispose();
        }
        catch (IOException)
        {
            // What a full disk did not take was told when it was written.
        }
    }

    private static string Line(LogEntry entry) => string.Create(CultureInfo.InvariantCulture,
        $"{entry.Step},{entry.Tokens},{entry.Loss:R},{entry.ValidationLoss:R},{entry.LearningRate:G6},{entry.GradientNorm:G6},{entry.TokensPerSecond:F0}");

    private static LogEntry? Parse(string line)
    {
        string[] parts = line.Split(',');
        if (parts.Length != 7 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long step) || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long tokens)) return null;
        return new LogEntry(step, tokens, Number(parts[2]) ?? 0, Number(parts[3]), Number(parts[4]) ?? 0, Number(parts[5]) ?? 0, Number(parts[6]) ?? 0);
    }

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null;

    private CriaException Failed(Exception failure) => new($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
}
