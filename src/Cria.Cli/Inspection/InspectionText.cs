using System.Collections;
using System.Globalization;
using System.Text;
using Cria.Models;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Cli.Inspection;

/// <summary>The summary of a model file as text.</summary>
internal static class InspectionText
{
    /// <summary>Prints the summary; the list of tensors too where asked for.</summary>
    public static void Write(InspectionView view, bool withTensors, Terminal terminal)
    {
        ModelSummary summary = view.Summary;
        var page = new Page(terminal);
        page.Heading($"{Clean(summary.Name)}: {Quantity.Count(summary.ParameterCount)} parameters, {summary.FileType}, {Quantity.Bytes(view.DiskBytes)}");

        page.Section("File");
        page.Row("path", Clean(view.Source.Path));
        page.Row("size", $"{Quantity.Bytes(view.DiskBytes)} ({Quantity.Exact(view.DiskBytes)} bytes)");
        if (view.Source is GgufReader gguf) page.Row("format", FormattableString.Invariant($"GGUF version {gguf.Version}, {view.Source.Tensors.Count} tensors, {gguf.Entries.Count} settings, alignment {gguf.Alignment}{(gguf.PartCount > 1 ? $", {gguf.PartCount} files" : "")}"));
        if (view.Source is GgufReader { PreparedFor: { } level }) page.Row("prepared for", $"the CPU level {Clean(level)}; every other reads it too");
        WritePacked(view, page);
        WriteShape(view, page);
        WriteWeights(summary, page);
        WriteTokenizer(view, page);
        WriteMemory(view, page);
        page.Section("Settings");
        foreach ((string key, object value) in view.Settings) page.Row(Clean(key), Value(value, view.IsFull));
        if (withTensors)
        {
            page.Section("Tensors");
            foreach (TensorInfo tensor in view.Source.Tensors) page.Row(Clean(tensor.Name), $"{tensor.Type,-6}  {Quantity.Bytes(tensor.ByteCount),10}  [{string.Join(", ", tensor.Shape)}]");
        }
        page.Print();
    }

    private static void WritePacked(InspectionView view, Page page)
    {
        if (view.Packed is not { } packed) return;
        page.Section("Packed file");
        foreach (PackedProgram program in packed.Programs) page.Row($"program for {program.System}", $"{Quantity.Bytes(program.Length),10}  SHA-256 {program.Sha256}");
        foreach (PackedMember member in packed.Members) page.Row(Clean(member.Name), $"{Quantity.Bytes(member.Length),10}{(member.IsStored ? "" : "  compressed")}");
        if (packed.PreparedFor.ToArray() is { Length: > 0 } levels) page.Row("prepared for", Clean(string.Join(", ", levels)));
        page.Row("arguments", packed.Arguments.Count == 0 ? "none" : Clean(string.Join(' ', packed.Arguments)));
    }

    private static void WriteShape(InspectionView view, Page page)
    {
        page.Section("Network");
        if (view.Summary.Config is not { } config)
        {
            page.Row("cannot run", Clean(view.Summary.Problem ?? ""));
            return;
        }
        page.Row("layers", Quantity.Exact(config.LayerCount));
        page.Row("hidden size", Quantity.Exact(config.HiddenSize));
        page.Row("heads", FormattableString.Invariant($"{config.HeadCount} of size {config.HeadSize}, {config.KeyValueHeadCount} for keys and values"));
        page.Row("feed-forward size", Quantity.Exact(config.FeedForwardSize));
        page.Row("vocabulary", Quantity.Exact(config.VocabularySize));
        page.Row("context", $"{Quantity.Exact(config.ContextLength)} tokens");
        string scaling = config.RopeScaling.Rule == RopeRule.None ? "no scaling"
            : FormattableString.Invariant($"scaling {config.RopeScaling.Rule.ToString().ToLowerInvariant()}, factor {config.RopeScaling.Factor} over {config.RopeScaling.OriginalContext} tokens");
        page.Row("rotary base", FormattableString.Invariant($"{config.RopeTheta}, {scaling}{(view.Source.TryGet("rope_freqs.weight", out _) ? ", frequency divisors in the file" : "")}"));
    }

    private static void WriteWeights(ModelSummary summary, Page page)
    {
        page.Section("Weights");
        foreach (WeightTypeShare share in summary.Types)
        {
            page.Row(share.Type.ToString(), FormattableString.Invariant(
                $"{Quantity.Bytes(share.ByteCount),10}  {Quantity.Count(share.ParameterCount),6} parameters in {share.TensorCount} tensor{(share.TensorCount == 1 ? "" : "s")}, {share.BitsPerParameter:0.##} bits each"));
        }
    }

    private static void WriteTokenizer(InspectionView view, Page page)
    {
        page.Section("Tokenizer");
        page.Row("kind", Clean(view.TokenizerKind ?? "none in the file"));
        if (view.TokenCount is int tokens) page.Row("tokens", $"{Quantity.Exact(tokens)}{(view.MergeCount is int merges ? $", {Quantity.Exact(merges)} merges" : "")}");
        foreach ((string role, long id, string text) in view.SpecialTokens) page.Row(role, FormattableString.Invariant($"{id} {Clean(text)}"));
        page.Row("chat template", view.ChatTemplate is { } template ? $"yes, {Quantity.Exact(template.Length)} characters" : "no");
    }

    private static void WriteMemory(InspectionView view, Page page)
    {
        if (view.KvCacheBytes is not long cache) return;
        page.Section($"Memory for a context of {Quantity.Exact(view.Context)} tokens");
        page.Row("weights", $"{Quantity.Bytes(view.Summary.WeightBytes),10}");
        page.Row("keys and values", $"{Quantity.Bytes(cache),10}  {view.KvTypes}, {Quantity.Bytes(view.Summary.KvCacheBytes(1024, view.KvTypes) / 1024)} a token; grows as it is used");
        page.Row("together", $"{Quantity.Bytes(view.Summary.WeightBytes + cache),10}");
        foreach ((TensorType type, long byteCount) in view.KvChoices)
            page.Row($"as {type}", $"{Quantity.Bytes(byteCount),10}  {Quantity.Bytes(view.Summary.KvCacheBytes(1024, type) / 1024)} a token (-ctk {type.ToString().ToLowerInvariant()} -ctv {type.ToString().ToLowerInvariant()})");
    }

    private static string Value(object value, bool full)
    {
        if (value is not Array array) return Scalar(value, full);
        int shown = full ? array.Length : Math.Min(array.Length, InspectionView.ShownElements);
        var text = new StringBuilder("[");
        foreach (object? element in ((IEnumerable)array).Cast<object?>().Take(shown)) text.Append(text.Length > 1 ? ", " : "").Append(Scalar(element!, full));
        if (shown < array.Length) text.Append(CultureInfo.InvariantCulture, $", … {Quantity.Exact(array.Length)} in all");
        return text.Append(']').ToString();
    }

    private static string Scalar(object value, bool full) => value switch
    {
        string text => Text(text, full),
        bool flag => flag ? "true" : "false",
        // Settings are stored as floats; as doubles 1e-5 would be 9.999999747378752E-06.
        double number when (float)number == number => ((float)number).ToString("R", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Text(string text, bool full)
    {
        int length = full ? text.Length : Math.Min(text.Length, InspectionView.ShownCharacters);
        if (length < text.Length && char.IsHighSurrogate(text[length - 1])) length--;
        string shown = "\"" + Clean(text[..length]) + "\"";
        return length < text.Length ? $"{shown}… {Quantity.Exact(text.Length)} characters" : shown;
    }

    /// <summary>Text from a file on one line, with nothing a terminal would obey.</summary>
    private static string Clean(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var clean = new StringBuilder(text.Length + 8);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\n' => clean.Append("\\n"),
                '\r' => clean.Append("\\r"),
                '\t' => clean.Append("\\t"),
                _ when char.IsControl(c) => clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => clean.Append(c),
            };
        }
        return clean.ToString();
    }

    /// <summary>Sections of names and values, the values in one column.</summary>
    private sealed class Page(Terminal terminal)
    {
        private const int WidestName = 44;
        private readonly List<(string Title, List<(string Name, string Value)> Rows)> sections = [];

        public void Heading(string text) => terminal.Out.WriteLine(terminal.OnOutput(text, Ink.Strong));

        public void Section(string title) => sections.Add((title, []));

        public void Row(string name, string value) => sections[^1].Rows.Add((name, value));

        public void Print()
        {
            foreach ((string title, List<(string Name, string Value)> rows) in sections)
            {
                terminal.Out.WriteLine();
                terminal.Out.WriteLine(terminal.OnOutput(title, Ink.Accent));
                int width = Math.Min(WidestName, rows.Select(row => row.Name.Length).DefaultIfEmpty().Max());
                foreach ((string name, string value) in rows) terminal.Out.WriteLine($"  {terminal.OnOutput(name.PadRight(width), Ink.Faint)}  {value.TrimEnd()}");
            }
        }
    }
}
