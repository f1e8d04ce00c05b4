using System.Globalization;
using Cria.Tensors;

namespace Cria.Training.Data.Packing;

/// <summary>What a user chooses about long sequences made from many documents.</summary>
public sealed record PackOptions
{
    /// <summary>Tokens of a row that a sequence fills; it has one more, the last to be foretold.</summary>
    public required int Length { get; init; }

    /// <summary>From how many tokens on a document is long.</summary>
    public int LongFrom { get; init; } = 4096;

    /// <summary>
    /// The share of each source's tokens that long documents are to have (arXiv 2402.10171: about 0.7, where they had 0.3). Every source keeps its own share of all tokens; one with more
    /// long documents already keeps them. Null: as it is.
    /// </summary>
    public double? LongShare { get; init; }

    /// <summary>Tokens of text to write; null: about as many as were read.</summary>
    public long? Tokens { get; init; }

    /// <summary>Whether all of a conversation is learnt, not the assistant's words alone.</summary>
    public bool TrainOnInputs { get; init; }

    /// <summary>Whether conversations longer than a sequence are left out, instead of being an error.</summary>
    public bool SkipTooLong { get; init; }

    /// <summary>Decides the order, and who is repeated.</summary>
    public ulong Seed { get; init; }

    /// <summary>Throws <see cref="CriaException"/> when a choice makes no sense.</summary>
    public void Check()
    {
        if (Length is < 2 or > 1 << 24) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"sequences of {Length} tokens cannot be; choose 2 to {1 << 24}"));
        if (LongShare is not null and not (>= 0 and < 1)) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a share of {LongShare} for long documents cannot be; choose 0 to below 1"));
        if (LongFrom < 1) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a document cannot be long from {LongFrom} tokens on; choose 1 or more"));
        if (Tokens is < 1) throw new CriaException("no tokens are to be written; choose 1 or more");
    }
}

/// <summary>What became of one source.</summary>
/// <param name="Name">The source.</param>
/// <param name="Documents">Documents read.</param>
/// <param name="Tokens">Their tokens, with those that begin and end them.</param>
/// <param name="LongTokens">Of these, tokens of long documents.</param>
/// <param name="WrittenTokens">Tokens drawn from it.</param>
/// <param name="WrittenLongTokens">Of these, tokens of long documents.</param>
public sealed record PackedShare(string Name, long Documents, long Tokens, long LongTokens, long WrittenTokens, long WrittenLongTokens);

/// <summary>What was packed.</summary>
/// <param name="TextSequences">Sequences of text.</param>
/// <param name="ChatSequences">Sequences of conversations.</param>
/// <param name="Conversations">Conversations in them.</param>
/// <param name="SkippedConversations">Conversations that were too long.</param>
/// <param name="RestTokens">Tokens of text at the end that do not fill a sequence.</param>
/// <param name="Sources">The sources of text, by name.</param>
public sealed record PackSummary(long TextSequences, long ChatSequences, long Conversations, long SkippedConversations, long RestTokens, IReadOnlyList<PackedShare> Sources);
