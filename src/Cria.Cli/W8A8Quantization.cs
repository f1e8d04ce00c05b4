using System.Diagnostics;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli;

/// <summary><c>cria quantize … W8A8</c>: measures the inputs where a text is given, and writes the folder.</summary>
internal static class W8A8Quantization
{
    /// <summary>Quantizes <paramref name="input"/> to the folder <paramref name="output"/>.</summary>
    public static void Run(string input, string output, string? calibration, double? alpha, W8A8Options options, Terminal terminal, CancellationToken cancellationToken)
    {
        if (alpha is not null && calibration is null) throw new UsageException("--smooth needs a text to measure inputs on; give one with --calibrate");
        var clock = Stopwatch.StartNew();
        using ITensorSource source = ModelSource.Open(NamedModel.Locate(input, terminal, cancellationToken));
        if (alpha is { } share) options = options with { Alpha = share };
        W8A8Quantizer.Check(source, output, options);
        if (calibration is not null)
        {
            var measurement = new RangeMeasurement(source, TextFile.Read(calibration), threads: options.Threads);
            using var status = new StatusLine(terminal);
            options = options with { Ranges = measurement.Run(new WindowProgress(status, measurement.Windows), cancellationToken) };
        }
        ProgressBar.Run(terminal, "quantizing to W8A8", progress => W8A8Quantizer.Write(source, output, options, progress, cancellationToken));
        long before = source.Tensors.Sum(tensor => tensor.ByteCount);
        long after = Directory.EnumerateFiles(output, "*.safetensors").Sum(file => new FileInfo(file).Length);
        double bits = 8.0 * after / Math.Max(1, source.Tensors.Sum(tensor => tensor.ElementCount));
        string smoothed = options.Ranges is null ? "" : string.Create(CultureInfo.InvariantCulture, $", smoothed at {options.Alpha}");
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{output}: W8A8{smoothed}, {Quantity.Bytes(after)} of weights (from {Quantity.Bytes(before)}), {bits:0.00} bits a weight, {clock.Elapsed.TotalSeconds:0.0} s"));
    }
}
