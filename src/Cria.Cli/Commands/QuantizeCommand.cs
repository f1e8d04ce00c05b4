using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Cli.Commands;

/// <summary><c>cria quantize</c>: a smaller file of the same model.</summary>
internal static class QuantizeCommand
{
    private const string W8A8 = "W8A8";
    private static readonly TimeSpan PatternPatience = TimeSpan.FromSeconds(1);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var input = new Argument<string>("in") { HelpName = "IN", Description = "The model to read, best in F32, F16 or BF16." };
        var output = new Argument<string>("out") { HelpName = "OUT", Description = "The GGUF file to write; for W8A8 a new folder." };
        var type = new Argument<string>("type") { HelpName = "TYPE", Description = $"One of {string.Join(", ", FileType.All.Select(type => type.Name))}, {W8A8}." };
        var importance = new Option<string?>("--imatrix") { HelpName = "FILE", Description = "Spend precision where this importance matrix says that inputs are strong." };
        var pure = new Option<bool>("--pure") { Description = "Store every matrix in the one type, without the recipe's exceptions." };
        var leaveOutput = new Option<bool>("--leave-output") { Description = "Leave the output matrix as it is." };
        Option<TensorType?> outputType = TypeOption("--output-type", "Store the output matrix in this type.");
        Option<TensorType?> embeddingType = TypeOption("--embedding-type", "Store the token embedding in this type.");
        var tensorTypes = new Option<string[]>("--tensor-type") { HelpName = "REGEX=TYPE", Description = "Store tensors whose names match in this type; may be given several times, the first match counts." };
        var requantize = new Option<bool>("--allow-requantize") { Description = "Also take weights that are quantized already; it costs quality." };
        var calibration = new Option<string?>("--calibrate") { HelpName = "TEXT", Description = "For W8A8: run this text and even out the inputs by what it shows (SmoothQuant)." };
        Option<double?> alpha = Numbers.Real("--smooth", "ALPHA", string.Create(CultureInfo.InvariantCulture, $"How much of the difficulty --calibrate moves from inputs to weights (default {W8A8Options.DefaultAlpha})."), 0, 1);
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads to use; by default all cores.", 1, 4096);
        var verb = new Verb("quantize", "Write a smaller file of the same model.")
        {
            Details = "Q4_K_M is a good balance, Q8_0 is all but lossless. The bytes are the same on every machine and with any number of threads.",
        };
        verb.Arguments.Add(input);
        verb.Arguments.Add(output);
        verb.Arguments.Add(type);
        verb.Add("Options", importance, pure, leaveOutput, outputType, embeddingType, tensorTypes, requantize, calibration, alpha, threads);
        verb.Example("cria quantize llama-f16.gguf llama-q4.gguf Q4_K_M", "The usual choice.");
        verb.Example("cria quantize llama-f16.gguf llama-q3.gguf Q3_K_M --imatrix llama.imatrix", "Small, with an importance matrix.");
        verb.Example("cria quantize llama-f16.gguf out.gguf Q4_K_M --tensor-type 'ffn_down=Q6_K'", "More bits for some tensors.");
        verb.Example("cria quantize llama-f16.gguf llama-w8a8 W8A8 --calibrate text.txt", "A folder of 8-bit weights for 8-bit inputs, which vLLM reads too: the fastest prompts.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            if (parsed.GetRequiredValue(type).Equals(W8A8, StringComparison.OrdinalIgnoreCase))
            {
                if (new Option[] { importance, pure, leaveOutput, outputType, embeddingType, tensorTypes }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } odd)
                    throw new UsageException($"{odd.Name} has no meaning for {W8A8}, whose form is fixed: the layers' matrices are bytes, all else stays 16 bits wide");
                W8A8Quantization.Run(parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), parsed.GetValue(calibration), parsed.GetValue(alpha),
                    new W8A8Options { AllowRequantize = parsed.GetValue(requantize), Threads = (int)(parsed.GetValue(threads) ?? 0) }, terminal, cancellationToken);
                return Task.FromResult(ExitCode.Success);
            }
            if (parsed.GetValue(calibration) is not null || parsed.GetValue(alpha) is not null) throw new UsageException($"--calibrate and --smooth go with {W8A8}; other types take --imatrix");
            QuantizeOptions options = new()
            {
                FileType = Usage(() => FileType.Parse(parsed.GetRequiredValue(type))),
                Pure = parsed.GetValue(pure),
                LeaveOutput = parsed.GetValue(leaveOutput),
                OutputType = parsed.GetValue(outputType),
                EmbeddingType = parsed.GetValue(embeddingType),
                TensorTypes = [.. (parsed.GetValue(tensorTypes) ?? []).Select(TensorTypeOf)],
                AllowRequantize = parsed.GetValue(requantize),
                Threads = (int)(parsed.GetValue(threads) ?? 0),
                Importance = parsed.GetValue(importance) is { } path ? ImportanceMatrix.Read(path) : null,
            };
            Quantize(parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), options, terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Quantize(string input, string output, QuantizeOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using ITensorSource source = ModelSource.Open(NamedModel.Locate(input, terminal, cancellationToken));
        var quantizer = new Quantizer(source, options);
        ProgressBar.Run(terminal, $"quantizing to {options.FileType}", progress => quantizer.Write(output, progress, cancellationToken));
        long before = source.Tensors.Sum(tensor => tensor.ByteCount);
        long after = quantizer.Plan.Sum(pair => pair.To.ByteCount);
        double bits = 8.0 * after / Math.Max(1, source.Tensors.Sum(tensor => tensor.ElementCount));
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{output}: {options.FileType}, {Quantity.Bytes(after)} of weights (from {Quantity.Bytes(before)}), {bits:0.00} bits a weight, {clock.Elapsed.TotalSeconds:0.0} s"));
    }

    private static Option<TensorType?> TypeOption(string name, string description) => new(name)
    {
        HelpName = "TYPE",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (TryParseType(text, out TensorType type)) return type;
            result.AddError($"{name} wants a tensor type such as F16, Q8_0 or Q6_K, not '{text}'");
            return null;
        },
    };

    private static (Regex, TensorType) TensorTypeOf(string text)
    {
        int equals = text.LastIndexOf('=');
        if (equals <= 0 || !TryParseType(text[(equals + 1)..], out TensorType type)) throw new UsageException($"--tensor-type wants REGEX=TYPE, such as 'ffn_down=Q6_K', not '{text}'");
        try
        {
            return (new Regex(text[..equals], RegexOptions.CultureInvariant, PatternPatience), type);
        }
        catch (ArgumentException failure)
        {
            throw new UsageException($"--tensor-type: '{text[..equals]}' is not a regular expression: {failure.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static bool TryParseType(string text, out TensorType type) =>
        Enum.TryParse(text, ignoreCase: true, out type) && BlockFormat.IsInGguf(type) && !char.IsAsciiDigit(text[0]);

    private static FileType Usage(Func<FileType> parse)
    {
        try
        {
            return parse();
        }
        catch (CriaException failure)
        {
            throw new UsageException(failure.Message);
        }
    }
}
