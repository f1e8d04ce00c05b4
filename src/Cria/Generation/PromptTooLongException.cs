using Cria.Tensors;

namespace Cria.Generation;

/// <summary>A prompt does not fit; nothing was computed.</summary>
public sealed class PromptTooLongException : CriaException
{
    internal PromptTooLongException(long promptTokens, long contextLength)
        : base($"the prompt is {promptTokens} tokens long, but the context holds {contextLength} and the answer needs room; shorten it or choose a larger context")
    {
        PromptTokens = promptTokens;
        ContextLength = contextLength;
    }

    /// <summary>Tokens of the prompt.</summary>
    public long PromptTokens { get; }

    /// <summary>Tokens that fit.</summary>
    public long ContextLength { get; }
}
