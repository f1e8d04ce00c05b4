using System.CommandLine;
using Cria.Cli.Options;

namespace Cria.Cli.Extending;

/// <summary>The options of <c>cria extend --search</c>.</summary>
internal sealed class SearchFlags
{
    private readonly Option<bool> search = new("--search") { Description = "Find the base by measuring: the loss on long documents over log-spaced bases, narrowed down by golden section. --output then writes the best." };
    private readonly Option<string[]> data = DataOption();
    private readonly Option<long?> documents = DocumentsOption();
    private readonly Option<bool> joins = JoinOption();
    private readonly Option<double?> least = Numbers.Real("--theta-min", "X", "The smallest base to try; by default the model's own.", 1.000001);
    private readonly Option<double?> most = Numbers.Real("--theta-max", "X", "The largest; by default 16 times what the rules say.", 1.000001);
    private readonly Option<long?> points = Numbers.Integer("--points", [], "N", "Log-spaced bases to try (default 9).", 3, 1000);
    private readonly Option<long?> refinements = Numbers.Integer("--refine", [], "N", "Steps of golden section after that (default 6).", 0, 100);
    private readonly Option<string?> plot = PlotOption();
    private readonly Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);

    /// <summary>Long texts.</summary>
    public static Option<string[]> DataOption() => new("--data", "-d")
    {
        HelpName = "DATA",
        Description = "Long texts the model has not learned from: files or folders, plain text or JSON lines; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>How many of them.</summary>
    public static Option<long?> DocumentsOption() => Numbers.Integer("--documents", [], "N", "Texts to measure with: the first N that are long enough (default 4).", 1, 100000);

    /// <summary>Whether short ones are joined.</summary>
    public static Option<bool> JoinOption() => new("--join") { Description = "Put texts that are too short end to end." };

    /// <summary>Where the picture goes.</summary>
    public static Option<string?> PlotOption() => new("--plot") { HelpName = "FILE.svg", Description = "Draw it." };

    /// <summary>Adds the options to the help page and the parser.</summary>
    public void AddTo(Verb verb) => verb.Add("Search", search, data, documents, joins, least, most, points, refinements, plot, threads);

    /// <summary>Whether a search is asked for.</summary>
    public bool IsAsked(ParseResult parsed)
    {
        if (parsed.GetValue(search)) return true;
        if (parsed.GetValue(data) is { Length: > 0 } || parsed.GetValue(plot) is not null || parsed.GetValue(points) is not null) throw new UsageException("--data, --plot and --points belong to --search");
        return false;
    }

    /// <summary>The texts.</summary>
    public string[] Data(ParseResult parsed) => parsed.GetValue(data) is { Length: > 0 } named ? named : throw new UsageException("--search needs long texts to measure with: --data");

    /// <summary>How many texts.</summary>
    public int Documents(ParseResult parsed) => (int)(parsed.GetValue(documents) ?? 4);

    /// <summary>Whether short ones are joined.</summary>
    public bool Joins(ParseResult parsed) => parsed.GetValue(joins);

    /// <summary>The smallest base.</summary>
    public double? Least(ParseResult parsed) => parsed.GetValue(least);

    /// <summary>The largest base.</summary>
    public double? Most(ParseResult parsed) => parsed.GetValue(most);

    /// <summary>Bases before narrowing down.</summary>
    public int Points(ParseResult parsed) => (int)(parsed.GetValue(points) ?? 9);

    /// <summary>Steps of narrowing down.</summary>
    public int Refinements(ParseResult parsed) => (int)(parsed.GetValue(refinements) ?? 6);

    /// <summary>The picture.</summary>
    public string? Plot(ParseResult parsed) => parsed.GetValue(plot);

    /// <summary>Threads; 0 for the default.</summary>
    public int Threads(ParseResult parsed) => (int)(parsed.GetValue(threads) ?? 0);
}
