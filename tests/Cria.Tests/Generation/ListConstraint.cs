using Cria.Generation;

namespace Cria.Tests.Generation;

/// <summary>Allows the tokens of one list after another; a list of one is forced when asked for.</summary>
internal sealed class ListConstraint(int[][] choices, bool force = false) : ITokenConstraint
{
    private int place;

    public bool IsComplete => place == choices.Length;

    public ReadOnlySpan<int> ForcedTokens
    {
        get
        {
            int end = place;
            while (force && end < choices.Length && choices[end].Length == 1) end++;
            return choices[place..end].Select(choice => choice[0]).ToArray();
        }
    }

    public void Mask(Span<ulong> allowed)
    {
        allowed.Clear();
        foreach (int token in IsComplete ? [] : choices[place]) allowed[token >> 6] |= 1UL << (token & 63);
    }

    public void Accept(int token)
    {
        Assert.Contains(token, choices[place]);
        place++;
    }
}
