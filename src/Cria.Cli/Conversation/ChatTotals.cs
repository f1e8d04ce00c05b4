using Cria.Generation;

namespace Cria.Cli.Conversation;

/// <summary>What the answers of a conversation cost so far.</summary>
internal sealed class ChatTotals
{
    private int answers;
    private long promptTokens;
    private long cachedTokens;
    private long generatedTokens;
    private TimeSpan promptTime;
    private TimeSpan decodeTime;

    /// <summary>What the last answer cost; null before the first.</summary>
    public (GenerationUsage Usage, FinishReason Reason)? Last { get; private set; }

    /// <summary>Adds an answer.</summary>
    public void Add(GenerationUsage usage, FinishReason reason)
    {
        answers++;
        promptTokens += usage.PromptTokens;
        cachedTokens += usage.CachedTokens;
        generatedTokens += usage.GeneratedTokens;
        promptTime += usage.PromptTime;
        decodeTime += usage.DecodeTime;
        Last = (usage, reason);
    }

    /// <summary>All answers in one line.</summary>
    public override string ToString() => answers == 0 ? "none yet" : FormattableString.Invariant(
        $"{answers}: read {promptTokens - cachedTokens} tokens in {promptTime.TotalSeconds:0.0} s and {cachedTokens} from the cache, wrote {generatedTokens} in {decodeTime.TotalSeconds:0.0} s");
}
