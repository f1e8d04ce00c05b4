using Cria.Models;

namespace Cria.Generation;

/// <summary>One sequence of tokens an engine works on: an answer that grows, or tokens to evaluate.</summary>
internal sealed class Sequence
{
    private int[] tokens;

    public Sequence(ReadOnlySpan<int> prompt, int capacity)
    {
        tokens = new int[Math.Max(prompt.Length, capacity)];
        prompt.CopyTo(tokens);
        Length = PromptLength = prompt.Length;
    }

    public required TokenStream Handle { get; init; }

    public required SamplingSettings Settings { get; init; }

    public ITokenConstraint? Constraint { get; init; }

    /// <summary>The adapter it is computed with, from 1; 0 is none.</summary>
    public int Adapter { get; init; }

    /// <summary>Number of the answer among those to the same prompt.</summary>
    public int Sample { get; init; }

    /// <summary>The answers to the same prompt, this one included; null when it is alone.</summary>
    public Sequence[]? Siblings { get; init; }

    /// <summary>Larger goes first.</summary>
    public int Priority { get; init; }

    /// <summary>Order of arrival among equals.</summary>
    public long Arrival { get; init; }

    /// <summary>Most tokens, prompt and answer together.</summary>
    public long Limit { get; init; }

    /// <summary>Receives logits instead of an answer being generated.</summary>
    public LogitsReader? Reader { get; init; }

    /// <summary>Whether <see cref="Reader"/> receives features in place of logits.</summary>
    public bool ReadsFeatures { get; init; }

    /// <summary>First position <see cref="Reader"/> wants.</summary>
    public int ReadFrom { get; init; }

    public int PromptLength { get; }

    /// <summary>Tokens so far.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, Length);

    /// <summary>Tokens of the answer so far.</summary>
    public int Generated => Length - PromptLength;

    /// <summary>Keys and values; null while it waits.</summary>
    public KvSequence? Cache { get; set; }

    /// <summary>The known full pages it holds, in order.</summary>
    public List<PrefixNode> Path { get; } = [];

    /// <summary>False once a page could not be made known, for nothing can follow it then.</summary>
    public bool MayAddPages { get; set; } = true;

    /// <summary>Tokens that are not in the cache yet.</summary>
    public int Pending => Length - (Cache?.Length ?? 0);

    /// <summary>Tokens in this step's batch.</summary>
    public int Planned { get; set; }

    /// <summary>Its first row of logits in this step's batch.</summary>
    public int FirstOutput { get; set; }

    /// <summary>Pages it will need to sample the next token.</summary>
    public int PagesWanted => KvSequence.PagesFor(Length + 1);

    public int CapacityHint => tokens.Length;

    public void Append(int token)
    {
        if (Length == tokens.Length) Array.Resize(ref tokens, Length * 2);
        tokens[Length++] = token;
    }

    /// <summary>Goes before <paramref name="other"/>: more important, or as important and earlier.</summary>
    public bool Outranks(Sequence other) => Priority > other.Priority || (Priority == other.Priority && Arrival < other.Arrival);

    /// <summary>True while its prompt, or what a preemption lost, is being taken in by a sibling, whose pages it can share then.</summary>
    public bool WaitsForSibling
    {
        get
        {
            if (Siblings is null || Generated > 0) return false;
            foreach (Sequence sibling in Siblings)
            {
                if (sibling != this && sibling.Cache is not null && sibling.Cache.Length < PromptLength) return true;
            }
            return false;
        }
    }
}
