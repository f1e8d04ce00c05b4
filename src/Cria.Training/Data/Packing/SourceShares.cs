namespace Cria.Training.Data.Packing;

/// <summary>How often documents of each source are drawn, long ones and others, so that long ones get their share and sources keep theirs.</summary>
internal sealed class SourceShares
{
    private readonly PackOptions options;
    private readonly long[] documents, tokens, longTokens, drawn, drawnLong;
    private readonly double[] times, longTimes;

    private SourceShares(int sources, PackOptions options)
    {
        this.options = options;
        (documents, tokens, longTokens, drawn, drawnLong) = (new long[sources], new long[sources], new long[sources], new long[sources], new long[sources]);
        (times, longTimes) = (new double[sources], new double[sources]);
    }

    /// <summary>Counts the documents and finds the shares.</summary>
    public static SourceShares Of(TokenSpool spool, int sources, PackOptions options)
    {
        var shares = new SourceShares(sources, options);
        for (int i = 0; i < spool.Count; i++)
        {
            int source = spool.Source(i);
            long length = spool.Length(i);
            shares.documents[source]++;
            shares.tokens[source] += length;
            if (length >= options.LongFrom) shares.longTokens[source] += length;
        }
        double growth = options.Tokens is { } wanted ? wanted / Math.Max(1.0, shares.tokens.Sum()) : 1;
        for (int i = 0; i < sources; i++)
        {
            double all = shares.tokens[i], isLong = shares.longTokens[i], natural = isLong / Math.Max(1, all);
            double share = isLong == 0 ? 0 : Math.Max(natural, options.LongShare ?? 0);
            // A source of long documents alone has nothing to make room for.
            if (natural == 1) share = 1;
            shares.longTimes[i] = isLong == 0 ? 0 : growth * share * all / isLong;
            shares.times[i] = natural == 1 ? 0 : growth * (1 - share) * all / (all - isLong);
        }
        return shares;
    }

    /// <summary>How often a document of that length is drawn, on average.</summary>
    public double Times(int source, long length) => length >= options.LongFrom ? longTimes[source] : times[source];

    /// <summary>Notes that a document was drawn.</summary>
    public void Draw(int source, long length, int copies)
    {
        drawn[source] += length * copies;
        if (length >= options.LongFrom) drawnLong[source] += length * copies;
    }

    /// <summary>What became of the sources.</summary>
    public IReadOnlyList<PackedShare> Summary(IReadOnlyList<string> names) =>
        [.. names.Select((name, i) => new PackedShare(name, documents[i], tokens[i], longTokens[i], drawn[i], drawnLong[i])).OrderByDescending(share => share.Tokens)];
}
