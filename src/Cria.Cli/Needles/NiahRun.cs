using System.CommandLine;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation.Needles;
using Cria.Evaluation.Needles.Reports;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Cli.Needles;

/// <summary>Runs a needle map, goes on with one that was interrupted, and writes what came of it.</summary>
internal static class NiahRun
{
    /// <summary>Runs it.</summary>
    public static async Task RunAsync(ModelOptions model, NiahFlags flags, string? folder, bool asJson, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string path = NamedModel.Locate(model.Named(parsed), terminal, cancellationToken);
        NeedleOptions options;
        long own;
        using (ITensorSource source = ModelSource.Open(path))
        {
            var summary = ModelSummary.From(source);
            own = summary.Config?.ContextLength ?? throw new CriaException(summary.Problem!);
            options = flags.Read(parsed, own);
            _ = new NeedleGrid(options);
            summary.CheckMemory(NeedleTest.ContextFor(options), model.KvType(parsed));
        }
        using LanguageModel loaded = model.Load(parsed, terminal, cancellationToken, tokens: NeedleTest.ContextFor(options));
        Haystack haystack = flags.Haystack(parsed) is { } texts ? Haystack.Of(Haystack.Texts(texts), loaded.Tokenizer, options.GeneratorTokens, texts) : Haystack.BuiltIn(loaded.Tokenizer, options.GeneratorTokens);
        if (folder is not null) Directory.CreateDirectory(folder);
        using NeedleJournal? journal = folder is null ? null : new NeedleJournal(Path.Combine(folder, NeedleFiles.Journal), RunIdentity.Of(loaded, $"{options}|{flags.Haystack(parsed)}"));
        int before = journal?.Results.Count ?? 0;
        var results = new List<NeedleResult>(journal?.Results ?? []);
        var test = new NeedleTest(loaded, options, haystack, cell => journal?.Knows(cell) == true);
        if (before > 0 && !asJson) terminal.Error.WriteLine($"going on: {before} of {before + test.Cells.Count} needles are in {folder}");
        try
        {
            using var bar = new WorkBar(terminal);
            await test.RunAsync((result, share) =>
            {
                journal?.Add(result);
                results.Add(result);
                bar.Show(share, string.Create(CultureInfo.InvariantCulture, $"{results.Count} of {before + test.Cells.Count} needles, {results.Average(one => one.IsForced ? 1.0 : 0):0%} found"));
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (folder is not null)
        {
            terminal.Error.WriteLine($"stopped: {results.Count} of {before + test.Cells.Count} needles are in {folder}; the same command goes on");
            throw;
        }
        var map = new NeedleMap(loaded.Name, options, results);
        if (folder is not null) NeedleFiles.Write(folder, map);
        if (asJson) terminal.Out.Write(NeedleFiles.ToJson(map));
        else MapTable.Print(map, options.MaxContextLength > own ? own : null, folder, terminal);
    }
}
